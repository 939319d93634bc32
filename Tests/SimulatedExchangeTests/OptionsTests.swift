import Domain
import Matching
import Platform
import TestKit
import Testing
import Transport

@testable import SimulatedExchange

struct OptionsTests {
  private let files = [
    "faults.json": #"{"rules": [{"route": "*", "fault": "garbage", "nth": 1}]}"#,
    "bad.json": #"{"rules": [{"route": "*", "fault": "meteor"}]}"#,
    "symbols.json": """
    {"symbols": [{"symbol": "ABCUSDT", "baseAsset": "ABC", "quoteAsset": "USDT",
      "quotePrecision": 5, "baseAssetPrecision": 1, "baseSizePrecision": "0",
      "quoteAmountPrecision": "5", "orderTypes": ["LIMIT", "LIMIT_MAKER"], "tradeSideType": 2,
      "filters": [{"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "0.1",
      "askMultiplierDown": "0.3"}], "contractAddress": "", "price": "0.5"}]}
    """,
  ]

  private func parse(_ text: String) -> Result<SimulatorOptions?, SimulatorOptions.UsageError> {
    let arguments = text.split(separator: " ").map(String.init)
    do throws(SimulatorOptions.UsageError) {
      return .success(
        try SimulatorOptions.parse(arguments) { path in
          files[path].map { .success(Array($0.utf8)) } ?? .failure(.init("\(path): not there"))
        })
    } catch {
      return .failure(error)
    }
  }

  @Test func `every option has its effect`() throws {
    let options = try #require(
      try parse(
        "--port 8080 --address 127.0.0.2 --tls c.pem k.pem --key K --secret S --seed 9 "
          + "--faults faults.json --price LINKUSDT=7.5 --balance USDT=5 --balance NEW=1 "
          + "--frozen --ack-lag-ms 0 "
          + "--ip-weight 20 --uid-weight 30 --orders-per-second 2 --duplicate-ids reject "
          + "--time-offset-ms -1500 --exit-with-parent --crossing-maker canceled "
          + "--permissions SPOT_DEAL_READ --ip-not-allowed --key-days 3 --key-status FROZEN --account-closed --no-streams --open-orders 3 --window-seconds 2"
      ).get())
    let configuration = options.configuration
    #expect(options.port == 8080 && options.address == IPAddress(literal: "127.0.0.2"))
    #expect(options.tls == .init(certificate: "c.pem", key: "k.pem"))
    #expect(options.exitsWithParent)
    #expect(configuration.key == "K" && configuration.secret == "S")
    #expect(configuration.seed == 9)
    #expect(
      configuration.faults == FaultPlan([.init(route: nil, fault: .garbage, trigger: .nth(1))]))
    #expect(
      configuration.listings.first { $0.symbol == pair("LINKUSDT") }?.startPrice == decimal("7.5"))
    #expect(configuration.balances.filter { $0.asset == "USDT" }.map(\.amount) == [decimal("5")])
    #expect(configuration.balances.contains { $0.asset == "NEW" })
    #expect(configuration.keyDays == 3 && configuration.keyStatus == "FROZEN")
    #expect(!configuration.isAccountOpen)
    #expect(configuration.isFrozen)
    #expect(configuration.rules.acknowledgementLag == .zero)
    #expect(configuration.rules.rejectsDuplicateClientOrderIDs)
    #expect(configuration.rules.crossingMaker == .canceled)
    #expect(configuration.rules.maximumOpenOrders == 3)
    #expect(configuration.limits.ipWeight == 20 && configuration.limits.uidWeight == 30)
    #expect(configuration.limits.ordersPerSecond == 2)
    #expect(configuration.limits.window == .seconds(2))
    #expect(configuration.timeOffset == .milliseconds(-1_500))
    #expect(configuration.permissions == ["SPOT_DEAL_READ"])
    #expect(!configuration.isAddressAllowed && !configuration.hasStreams)
  }

  @Test func `a file of symbols replaces the listings`() throws {
    let options = try #require(try parse("--port 0 --symbols symbols.json").get())
    #expect(options.configuration.listings.count == 1)
    let listing = try #require(options.configuration.listings.first)
    #expect(listing.symbol == pair("ABCUSDT"))
    #expect(listing.startPrice == decimal("0.5"))
    #expect(listing.rules.tickSize == decimal("0.00001"))
    #expect(listing.rules.stepSize == decimal("0.1"))
    #expect(listing.rules.minimumQuantity == decimal("0.1"))
    #expect(listing.rules.minimumNotional == decimal("5"))
    #expect(listing.rules.sides == .buyOnly)
    #expect(!listing.rules.types.contains(.market))
    #expect(listing.rules.types.contains(.immediateOrCancel))
    #expect(listing.rules.priceBand?.sellDown == decimal("0.3"))
  }

  @Test(arguments: [
    ("", "--port is missing"),
    ("--port", "--port needs a value"),
    ("--port 70000", "--port is a whole number from 0 to 65535, not \"70000\""),
    ("--port 0 --sneed 7", "unknown option '--sneed'"),
    ("--port 0 --address 192.0.2.1", "--address: 192.0.2.1 is no loopback address"),
    ("--port 0 --address localhost", "--address: localhost is no loopback address"),
    ("--port 0 --key K", "--key and --secret go together"),
    ("--port 0 --price LINKUSDT", "--price is NAME=NUMBER, not \"LINKUSDT\""),
    ("--port 0 --price NOSUCH=1", "--price: NOSUCH is not listed"),
    ("--port 0 --duplicate-ids maybe", "--duplicate-ids is one of accept, reject"),
    ("--port 0 --faults none.json", "--faults: none.json: not there"),
    ("--port 0 --symbols faults.json", "--symbols: not an array of symbols"),
  ])
  func `wrong usage is told in one sentence`(_ wrong: (String, String)) {
    guard case .failure(let error) = parse(wrong.0) else {
      Issue.record("accepted")
      return
    }
    #expect(error.description == wrong.1)
  }

  @Test func `a wrong fault is named with what there is`() {
    guard case .failure(let error) = parse("--port 0 --faults bad.json") else {
      Issue.record("a meteor is no fault")
      return
    }
    #expect(
      error.description.hasPrefix("--faults: rule 1: there is no fault \"meteor\"; there are"))
  }

  @Test func `the program complains with status 2, and help is not wrong`() {
    var lines: [String] = []
    var complaints: [String] = []
    let wrong = SimulatorProgram.run(
      ["--port", "x"], announce: { lines.append($0) }, complain: { complaints.append($0) })
    #expect(wrong == .wrongUsage)
    #expect(lines.isEmpty && complaints.count == 1)
    let help = SimulatorProgram.run(
      ["--help"], announce: { lines.append($0) }, complain: { complaints.append($0) })
    #expect(help == .done)
    for option in ["--faults FILE", "/__admin/ledger", "wrong_echo", "PAUSEUSDT"] {
      #expect(lines.first?.contains(option) == true)
    }
  }
}
