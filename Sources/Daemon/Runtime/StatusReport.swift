package import Configuration
import Control
package import Domain
package import Execution
package import JSON
import Platform
package import Transport

/// The answer to `mexc-signalctl status`.
package enum StatusReport {
  /// What is known outside the engine.
  package struct Facts: Sendable {
    package var configuration: Configuration
    package var startedAt: Moment
    package var troubles: [Trouble]
    package var connections: HTTPClientStatus?
    package var streams: [StreamStatus]
    /// Where the prices come from that orders are judged by now.
    package var priceSource: String
    package var lastCommitNanoseconds: Int64
    package var droppedLogLines: Int
    package var loopTurns: Int
    package var ban: BanRecord?
  }

  /// `engine` is nil while the store cannot be used: what it would tell is not known then.
  package static func json(
    _ engine: EngineStatus?, _ facts: Facts, at now: Moment
  ) -> JSONValue {
    let uptime = now.monotonic.since(facts.startedAt.monotonic).wholeMilliseconds / 1_000
    return .object(
      pairs: [
        ("state", .string(engine?.state.rawValue ?? "halted")),
        ("halt_scope", haltScope(engine)),
        ("reason", .text(facts.troubles.first?.line)),
        ("problems", .array(facts.troubles.map(\.document))),
        ("mode", .string(facts.configuration.mode.rawValue)),
        ("version", .string(Version.text)),
        ("uptime_seconds", .integer(uptime)),
        ("trading_open", .bool(engine?.isTradingOpen ?? false)),
        ("careful_start", carefulStart(engine)),
        ("waiting", count(engine?.waiting)),
        ("in_flight", count(engine?.inFlight)),
        ("unknown", count(engine?.unknown)),
        ("not_found", count(engine?.notFound)),
        ("open_orders", count(engine?.open)),
        ("price_source", .string(facts.priceSource)),
        ("streams", .array(facts.streams.map(\.document))),
        ("clock_offset_ms", engine?.clockOffsetMilliseconds.map { .integer($0) } ?? .null),
        (
          "clock_error_ms", engine?.clockError.map { .integer($0.wholeMilliseconds) } ?? .null
        ),
        ("api_key", key(engine?.key)),
        ("balances", .array((engine?.balances ?? []).map(balance))),
        ("daily_quote", .decimal(engine?.dailyQuote)),
        ("breakers", .array((engine?.breakers ?? []).map(breaker))),
        (
          "venue_facts",
          [
            "rules": fact(engine?.rules, at: now), "symbols": fact(engine?.pairs, at: now),
            "clock": fact(engine?.clock, at: now),
          ]
        ),
        ("risk", risk(engine, facts.configuration.risk)),
        ("rate", rate(engine, facts)),
        ("connections", connections(facts.connections)),
        ("last_commit_us", .integer(facts.lastCommitNanoseconds / 1_000)),
        ("resident_bytes", ProcessFacts.residentBytes().map { .integer($0) } ?? .null),
        ("open_descriptors", ProcessFacts.openDescriptors().map { .integer($0) } ?? .null),
        ("dropped_log_lines", .integer(facts.droppedLogLines)),
        ("loop_turns", .integer(facts.loopTurns)),
      ])
  }

  private static func carefulStart(_ engine: EngineStatus?) -> JSONValue {
    guard let engine else { return .null }
    return .bool(engine.isCareful)
  }

  /// Null while nobody counts.
  private static func count(_ number: Int?) -> JSONValue {
    guard let number else { return .null }
    return .integer(number)
  }

  /// Null where nothing is held back.
  private static func haltScope(_ engine: EngineStatus?) -> JSONValue {
    .text((engine.map(\.haltScope) ?? .all)?.rawValue)
  }

  /// What the exchange tells of the API key; null where it does not.
  private static func key(_ information: KeyInformation?) -> JSONValue {
    guard let information else { return .null }
    let rights = information.rights.map { rights in
      KeyInformation.Right.allCases.filter(rights.contains).map { JSONValue.string($0.rawValue) }
    }
    return [
      "permissions": rights.map { .array($0) } ?? .null,
      "expires": information.validity.map { .bool($0 != .permanent) } ?? .null,
      "days_left": information.daysLeft.map { .integer($0) } ?? .null,
    ]
  }

  private static func balance(_ balance: AssetBalance) -> JSONValue {
    [
      "asset": .string(balance.asset), "free": .decimal(balance.free),
      "frozen": .decimal(balance.frozen),
      "received_at": .string(balance.receivedAt.text),
    ]
  }

  private static func fact(_ fact: FactStatus?, at now: Moment) -> JSONValue {
    guard let fact else { return .null }
    return [
      "age_seconds": .integer(max(0, now.wall.since(fact.readAt).wholeMilliseconds / 1_000)),
      "origin": fact.isOfEarlierRun ? "disk" : "exchange",
    ]
  }

  private static func breaker(_ status: BreakerStatus) -> JSONValue {
    [
      "kind": .string(status.kind.rawValue), "symbol": .text(status.symbol?.text),
      "state": .string(status.state.rawValue), "reason": .string(status.reason),
      "until": status.until.map { .string($0.text) } ?? .null,
    ]
  }

  /// What counts against the limits of the configuration, and the limits.
  private static func risk(
    _ engine: EngineStatus?, _ limits: Configuration.Risk
  ) -> JSONValue {
    [
      "open_orders": count(engine?.liveOrders),
      "open_orders_limit": .integer(limits.maximumOpenOrders),
      "minute_orders": count(engine?.ordersOfMinute),
      "minute_orders_limit": .integer(limits.maximumOrdersPerMinute),
      "daily_quote": .decimal(engine?.dailyQuote),
      "daily_quote_limit": .decimal(limits.maximumDailyQuote),
    ]
  }

  private static func rate(_ engine: EngineStatus?, _ facts: Facts) -> JSONValue {
    .object(
      pairs: [
        ("ip_used", count(engine?.usage.ip)),
        ("ip_limit", count(engine?.usageLimits.ip)),
        ("uid_used", count(engine?.usage.uid)),
        ("uid_limit", count(engine?.usageLimits.uid)),
        (
          "window_seconds",
          .integer(facts.configuration.rateLimits.window.wholeMilliseconds / 1_000)
        ),
        ("order_used", count(engine?.usage.orders)),
        ("order_limit", count(engine?.usageLimits.orders)),
        ("ceiling_percent", count(engine?.ceiling)),
        ("banned_until", facts.ban.map { .string($0.until.text) } ?? .null),
      ])
  }

  private static func connections(_ status: HTTPClientStatus?) -> JSONValue {
    guard let status else { return .null }
    return [
      "idle": .integer(status.idle), "busy": .integer(status.busy),
      "connecting": .integer(status.connecting), "waiting": .integer(status.waiting),
      "last_error": .text(status.lastError?.description),
    ]
  }
}
