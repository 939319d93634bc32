package import Domain
package import Execution
import Platform
package import Store
package import Transport

/// The answer to `mexc-signalctl status`.
package enum StatusReport {
  /// What is known outside the engine.
  package struct Facts {
    package var mode: Configuration.Mode
    package var startedAt: Moment
    package var storageError: StoreError?
    package var connections: HTTPClientStatus?
    package var lastCommitNanoseconds: Int64
    package var droppedLogLines: Int
    package var halt: HaltRecord?
    package var ban: BanRecord?
    package var careful: CarefulRecord?
  }

  /// `engine` is nil while the store cannot be used.
  package static func json(
    _ engine: EngineStatus?, _ facts: Facts, at now: Moment
  ) -> JSONValue {
    let uptime = now.monotonic.since(facts.startedAt.monotonic).wholeMilliseconds / 1_000
    return .object(
      pairs: [
        ("state", .string(engine?.state.rawValue ?? "halted")),
        ("reason", reason(engine, facts)),
        ("mode", .string(facts.mode.rawValue)),
        ("version", .string(Version.text)),
        ("uptime_seconds", .integer(uptime)),
        ("trading_open", .bool(engine?.isTradingOpen ?? false)),
        ("careful_start", .bool(engine?.isCareful ?? false)),
        ("waiting", .integer(engine?.waiting ?? 0)),
        ("in_flight", .integer(engine?.inFlight ?? 0)),
        ("unknown", .integer(engine?.unknown ?? 0)),
        ("not_found", .integer(engine?.notFound ?? 0)),
        ("open_orders", .integer(engine?.open ?? 0)),
        ("price_source", "rest"),
        ("streams", []),
        ("clock_offset_ms", engine?.clockOffsetMilliseconds.map { .integer($0) } ?? .null),
        (
          "clock_error_ms", engine?.clockError.map { .integer($0.wholeMilliseconds) } ?? .null
        ),
        ("daily_quote", .decimal(engine?.dailyQuote)),
        ("rate", rate(engine, facts)),
        ("connections", connections(facts.connections)),
        ("last_commit_us", .integer(facts.lastCommitNanoseconds / 1_000)),
        ("resident_bytes", ProcessFacts.residentBytes().map { .integer($0) } ?? .null),
        ("open_descriptors", ProcessFacts.openDescriptors().map { .integer($0) } ?? .null),
        ("dropped_log_lines", .integer(facts.droppedLogLines)),
      ])
  }

  private static func reason(_ engine: EngineStatus?, _ facts: Facts) -> JSONValue {
    if let error = facts.storageError { return .string("\(error)") }
    if let halt = facts.halt {
      return .string("\(halt.reason) (since \(Timestamp.format(halt.since)))")
    }
    if let careful = facts.careful {
      return .string("\(careful.reason) (since \(Timestamp.format(careful.since)))")
    }
    if let ban = facts.ban {
      return .string("the exchange demands silence: \(ban.reason)")
    }
    return engine?.isTradingOpen == true ? .null : "waiting for the exchange"
  }

  private static func rate(_ engine: EngineStatus?, _ facts: Facts) -> JSONValue {
    [
      "ip_used": .integer(engine?.usage.ip ?? 0),
      "uid_used": .integer(engine?.usage.uid ?? 0),
      "order_used": .integer(engine?.usage.orders ?? 0),
      "banned_until": facts.ban.map { .string(Timestamp.format($0.until)) } ?? .null,
    ]
  }

  private static func connections(_ status: HTTPClientStatus?) -> JSONValue {
    guard let status else { return .null }
    return [
      "idle": .integer(status.idle), "busy": .integer(status.busy),
      "connecting": .integer(status.connecting), "waiting": .integer(status.waiting),
      "last_error": status.lastError.map { .string($0) } ?? .null,
    ]
  }
}
