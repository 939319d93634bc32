import Domain
import Matching
package import Platform

/// The command line of `mexc-sim`.
package struct SimulatorOptions: Sendable {
  package struct UsageError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
  }

  package struct CertificatePaths: Hashable, Sendable {
    package var certificate: String
    package var key: String
  }

  package var address = IPAddress.loopback4
  package var port: UInt16 = 0
  package var tls: CertificatePaths?
  package var exitsWithParent = false
  package var configuration = SimulatorConfiguration()

  /// Reads the arguments, the program's name not among them; `nil` when they ask for help.
  /// `readFile` gives a file's bytes, or a sentence that says why not. Throws what is wrong with
  /// them, in words for the person who typed them.
  package static func parse(
    _ arguments: [String], readFile: (String) -> Result<[UInt8], FileProblem>
  ) throws(UsageError) -> SimulatorOptions? {
    var reader = ArgumentReader(arguments)
    var options = SimulatorOptions()
    var settings = Later()
    var hasPort = false
    while let name = reader.next() {
      switch name {
      case "--help", "-h": return nil
      case "--port":
        options.port = UInt16(try reader.integer(name, in: 0...65_535))
        hasPort = true
      case "--address":
        let text = try reader.value(name)
        guard let address = IPAddress(literal: text), address.isLoopback else {
          throw UsageError(description: "--address: \(text) is no loopback address")
        }
        options.address = address
      case "--tls":
        options.tls = CertificatePaths(
          certificate: try reader.value(name), key: try reader.value(name))
      case "--exit-with-parent": options.exitsWithParent = true
      default: try options.read(name, &reader, &settings, readFile)
      }
    }
    guard hasPort else { throw UsageError(description: "--port is missing") }
    try settings.apply(to: &options.configuration)
    return options
  }

  /// Why a file named on the command line could not be read.
  package struct FileProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
      self.description = description
    }
  }

  /// What can be applied only when everything has been read.
  private struct Later {
    var key: String?
    var secret: String?
    var prices: [(symbol: String, price: FixedDecimal)] = []
    var balances: [(asset: String, amount: FixedDecimal)] = []

    func apply(to configuration: inout SimulatorConfiguration) throws(UsageError) {
      switch (key, secret) {
      case (nil, nil): break
      case (let key?, let secret?):
        configuration.key = key
        configuration.secret = secret
      case (.some, nil), (nil, .some):
        throw UsageError(description: "--key and --secret go together")
      }
      for (name, price) in prices {
        guard
          let index = configuration.listings.firstIndex(where: { $0.symbol.text == name })
        else { throw UsageError(description: "--price: \(name) is not listed") }
        configuration.listings[index].startPrice = price
      }
      for (asset, amount) in balances {
        configuration.balances.removeAll { $0.asset == asset }
        configuration.balances.append((asset, amount))
      }
    }
  }

  private mutating func read(
    _ name: String, _ reader: inout ArgumentReader, _ later: inout Later,
    _ readFile: (String) -> Result<[UInt8], FileProblem>
  ) throws(UsageError) {
    switch name {
    case "--key": later.key = try reader.value(name)
    case "--secret": later.secret = try reader.value(name)
    case "--price":
      let (symbol, price) = try reader.assignment(name)
      guard price.isPositive, price <= SpotExchange.priceMaximum else {
        throw UsageError(description: "--price: \(symbol) needs a price above 0")
      }
      later.prices.append((symbol, price))
    case "--balance":
      let (asset, amount) = try reader.assignment(name)
      guard amount >= .zero else {
        throw UsageError(description: "--balance: \(asset) cannot be negative")
      }
      later.balances.append((asset, amount))
    case "--faults":
      let bytes = try Self.file(name, try reader.value(name), readFile)
      do throws(FaultPlan.Flaw) {
        configuration.faults = try FaultPlan(json: bytes)
      } catch {
        throw UsageError(description: "--faults: \(error)")
      }
    case "--symbols":
      let bytes = try Self.file(name, try reader.value(name), readFile)
      do throws(Listing.Flaw) {
        configuration.listings = try Listing.read(json: bytes)
      } catch {
        throw UsageError(description: "--symbols: \(error)")
      }
    default: try readMarket(name, &reader)
    }
  }

  private static func file(
    _ option: String, _ path: String, _ read: (String) -> Result<[UInt8], FileProblem>
  ) throws(UsageError) -> [UInt8] {
    switch read(path) {
    case .success(let bytes): return bytes
    case .failure(let problem): throw UsageError(description: "\(option): \(problem)")
    }
  }

  /// The longest time that an option may name, in milliseconds: a day.
  private static let dayMilliseconds = 86_400_000

  private mutating func readMarket(
    _ name: String, _ reader: inout ArgumentReader
  ) throws(UsageError) {
    switch name {
    case "--seed": configuration.seed = UInt64(try reader.integer(name, in: 0...Int.max))
    case "--frozen": configuration.isFrozen = true
    case "--ack-lag-ms":
      let lag = try reader.integer(name, in: 0...Self.dayMilliseconds)
      configuration.rules.acknowledgementLag = .milliseconds(lag)
    case "--ack-lag-percent":
      configuration.rules.laggingPercent = try reader.integer(name, in: 0...100)
    case "--partial-percent":
      configuration.rules.partialPercent = try reader.integer(name, in: 0...100)
    case "--thin-percent":
      configuration.rules.thinPercent = try reader.integer(name, in: 0...100)
    case "--volatility-bps":
      configuration.rules.volatility = try reader.integer(name, in: 0...1_000)
    case "--open-orders":
      configuration.rules.maximumOpenOrders = try reader.integer(name, in: 0...1_000_000)
    case "--duplicate-ids":
      let word = try reader.choice(name, ["accept", "reject"])
      configuration.rules.rejectsDuplicateClientOrderIDs = word == "reject"
    case "--crossing-maker":
      let words = ExchangeRules.CrossingMaker.allCases.map(\.rawValue)
      let word = try reader.choice(name, words)
      configuration.rules.crossingMaker = ExchangeRules.CrossingMaker(rawValue: word) ?? .either
    default: try readLimits(name, &reader)
    }
  }

  private mutating func readLimits(
    _ name: String, _ reader: inout ArgumentReader
  ) throws(UsageError) {
    let any = 1...1_000_000
    switch name {
    case "--ip-weight": configuration.limits.ipWeight = try reader.integer(name, in: any)
    case "--uid-weight": configuration.limits.uidWeight = try reader.integer(name, in: any)
    case "--window-seconds":
      configuration.limits.window = .seconds(try reader.integer(name, in: 1...3_600))
    case "--orders-per-second":
      configuration.limits.ordersPerSecond = try reader.integer(name, in: any)
    case "--account-reads-per-second":
      configuration.limits.accountReadsPerSecond = try reader.integer(name, in: any)
    case "--patience": configuration.limits.patience = try reader.integer(name, in: 0...1_000_000)
    case "--ban-seconds":
      configuration.limits.shortestBan = .seconds(try reader.integer(name, in: 1...259_200))
    case "--time-offset-ms":
      let day = Self.dayMilliseconds
      configuration.timeOffset = .milliseconds(try reader.integer(name, in: -day...day))
    case "--permissions":
      configuration.permissions = try reader.value(name).split(separator: ",").map(String.init)
    case "--ip-not-allowed": configuration.isAddressAllowed = false
    case "--key-days": configuration.keyDays = try reader.integer(name, in: -999...10_000)
    case "--key-status":
      let words = [SimulatorConfiguration.validKey, "FROZEN", "DELETE"]
      configuration.keyStatus = try reader.choice(name, words)
    case "--account-closed": configuration.isAccountOpen = false
    case "--no-streams": configuration.hasStreams = false
    default: throw UsageError(description: "unknown option\(UsageMessage.shown(name))")
    }
  }
}

/// Walks over the arguments.
private struct ArgumentReader {
  private var rest: ArraySlice<String>

  init(_ arguments: [String]) {
    rest = arguments[...]
  }

  mutating func next() -> String? { rest.popFirst() }

  mutating func value(_ option: String) throws(SimulatorOptions.UsageError) -> String {
    guard let value = rest.popFirst(), !value.isEmpty else {
      throw .init(description: "\(option) needs a value")
    }
    return value
  }

  mutating func integer(
    _ option: String, in range: ClosedRange<Int>
  ) throws(SimulatorOptions.UsageError) -> Int {
    let text = try value(option)
    guard let number = Int(text), range.contains(number) else {
      throw .init(
        description: "\(option) is a whole number from \(range.lowerBound) to \(range.upperBound), "
          + "not \"\(text)\"")
    }
    return number
  }

  mutating func choice(
    _ option: String, _ words: [String]
  ) throws(SimulatorOptions.UsageError) -> String {
    let word = try value(option)
    guard words.contains(word) else {
      throw .init(description: "\(option) is one of \(words.joined(separator: ", "))")
    }
    return word
  }

  /// `NAME=DECIMAL`.
  mutating func assignment(
    _ option: String
  ) throws(SimulatorOptions.UsageError) -> (String, FixedDecimal) {
    let text = try value(option)
    let halves = text.split(separator: "=", maxSplits: 1)
    guard halves.count == 2, let number = try? FixedDecimal(String(halves[1])) else {
      throw .init(description: "\(option) is NAME=NUMBER, not \"\(text)\"")
    }
    return (String(halves[0]), number)
  }
}
