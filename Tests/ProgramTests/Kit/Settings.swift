import Domain
import JSON
import TestKit

/// A configuration file in the making: values by the keys' full names.
struct Settings {
  private var values: [(key: String, value: JSONValue)] = []

  subscript(key: String) -> JSONValue? {
    get { values.last { $0.key == key }?.value }
    set {
      values.removeAll { $0.key == key }
      if let newValue { values.append((key, newValue)) }
    }
  }

  var text: String {
    var top: [(String, JSONValue)] = []
    var sections: [(name: String, members: [(String, JSONValue)])] = []
    for (key, value) in values {
      let parts = key.split(separator: ".", maxSplits: 1).map(String.init)
      if parts.count == 1 {
        top.append((key, value))
      } else if let index = sections.firstIndex(where: { $0.name == parts[0] }) {
        sections[index].members.append((parts[1], value))
      } else {
        sections.append((parts[0], [(parts[1], value)]))
      }
    }
    return JSONValue.object(
      pairs: top + sections.map { ($0.name, .object(pairs: $0.members)) }
    ).prettyText()
  }

  /// Live on a simulated exchange, with limits that are in nobody's way, also not on a busy machine.
  static func live(_ url: String, in scratch: Scratch) -> Settings {
    var settings = Settings()
    settings["mode"] = "live"
    settings["exchange.rest_url"] = .string(url)
    settings["exchange.settle_seconds"] = 1
    settings["exchange.recv_window_ms"] = 10_000
    settings["credentials.source"] = "environment"
    settings["intake.directory"] = .string(scratch("spool"))
    settings["intake.socket"] = .string(scratch("signal.sock"))
    settings["store.path"] = .string(scratch("state.db"))
    settings["control.socket"] = .string(scratch("control.sock"))
    settings["price.maximum_age_ms"] = 30_000
    settings["risk.symbols"] = ["BTCUSDT", "ETHUSDT", "LINKUSDT", "MXUSDT"]
    settings["risk.maximum_order_quote"] = "1000"
    settings["risk.maximum_open_orders"] = 100_000
    settings["risk.maximum_orders_per_minute"] = 100_000
    settings["risk.maximum_daily_quote"] = .null
    settings["log.level"] = "debug"
    return settings
  }
}
