import Domain
import JSON

/// Where a daemon trades that is measured. What limits it by default is raised, but for the limits of
/// mexc-sim, which are the exchange's.
enum BenchVenue {
  /// Nobody listens at its address.
  case outOfReach
  /// The exchange in this process, which answers at once and limits nothing.
  case fast(Bench.Scheme)
  /// The same over TLS, with streams: each price is pushed ten times a second.
  case pushing
  case simulator(SimulatorUnderTest)

  /// tcpmux: nobody serves it, and no program is given it by chance.
  private static let unusedPort: UInt16 = 1

  var isReachable: Bool {
    switch self {
    case .outOfReach: false
    case .fast, .pushing, .simulator: true
    }
  }

  /// `rest_url` and `ca_file`.
  func address(_ bench: Bench) throws -> (url: String, authority: String?) {
    func local(_ scheme: Bench.Scheme, _ port: UInt16) -> String {
      "\(scheme.rawValue)://127.0.0.1:\(port)"
    }
    switch self {
    case .outOfReach: return (local(.http, Self.unusedPort), nil)
    case .simulator(let simulator): return (simulator.url, nil)
    case .fast(.http): return (local(.http, try bench.exchange().exchange.plainPort), nil)
    case .fast(.https):
      let (exchange, certificate) = try bench.exchange()
      return (local(.https, exchange.tlsPort), certificate.path)
    case .pushing:
      let (exchange, certificate) = try bench.exchange()
      return (local(.https, exchange.streamPort), certificate.path)
    }
  }

  /// What every daemon's configuration has, and the folders and files in `directory`.
  func configuration(
    in directory: String, account: String, maximumAge: Duration, _ bench: Bench
  ) throws -> JSONValue {
    let (url, authority) = try address(bench)
    let most = 100_000
    var members: [(String, JSONValue)] = [
      ("mode", "live"),
      (
        "exchange",
        [
          "rest_url": .string(url), "ca_file": authority.map { .string($0) } ?? .null,
          "account": .string(account),
        ]
      ),
      ("credentials", ["source": "environment"]),
      (
        "intake",
        [
          "directory": .string(directory + "/spool"), "socket": .string(directory + "/signal.sock"),
        ]
      ),
      ("store", ["path": .string(directory + "/state.db")]),
      ("price", ["maximum_age_ms": .integer(maximumAge.wholeMilliseconds)]),
      (
        "risk",
        [
          "symbols": .array(symbols.map { .string($0) }), "maximum_order_quote": "1000",
          "maximum_open_orders": .integer(most), "maximum_orders_per_minute": .integer(most),
          "maximum_daily_quote": nil,
        ]
      ),
      ("control", ["socket": .string(directory + "/control.sock")]),
    ]
    if !hasLimits {
      members.append(
        (
          "rate_limits",
          [
            "ip_weight": .integer(most), "uid_weight": .integer(most),
            "orders_per_second": .integer(most), "utilisation": 1,
          ]
        ))
    }
    return .object(pairs: members)
  }

  private var hasLimits: Bool {
    switch self {
    case .simulator: true
    case .outOfReach, .fast, .pushing: false
    }
  }

  private var symbols: [String] {
    switch self {
    case .outOfReach, .fast, .pushing: ["BTCUSDT", "ETHUSDT"]
    case .simulator: ["BTCUSDT", "ETHUSDT", "LINKUSDT"]
    }
  }
}
