import Configuration
import Domain
import Execution
import Platform
import Transport

/// A snapshot in Prometheus' text format. A family without a sample is one whose value is not known.
enum MetricsText {
  static func render(_ snapshot: MetricsSnapshot, files: [(String, Int64)]) -> [UInt8] {
    var text = ExpositionText()
    describeDaemon(snapshot, &text)
    describeSignals(snapshot.counts, &text)
    describeOrders(snapshot, &text)
    describeLatencies(snapshot.counts, &text)
    describeLimits(snapshot, &text)
    describeExchange(snapshot, &text)
    describeNotify(snapshot, &text)
    describeMachine(snapshot, files, &text)
    return text.bytes
  }

  private static func describeDaemon(_ snapshot: MetricsSnapshot, _ text: inout ExpositionText) {
    text.family("build_info", .gauge, "The program that runs; always 1.")
    text.sample(1, ("version", Version.text))
    text.family("mode_info", .gauge, "How far an order goes; always 1.")
    text.sample(1, ("mode", snapshot.facts.configuration.mode.rawValue))
    text.family("start_time_seconds", .gauge, "When the daemon was started, since 1970.")
    text.seconds(snapshot.facts.startedAt.wall)
    text.family("trading_open", .gauge, "1 when an order may leave, unless trading is halted.")
    text.sample(snapshot.engine?.isTradingOpen ?? false)
    text.family(
      "halted", .gauge,
      "1 while trading is halted, if only in part, or the database cannot be used.")
    text.sample(snapshot.engine?.state != .active)
    text.family("careful_start", .gauge, "1 while signals are looked up before they may leave.")
    if let engine = snapshot.engine { text.sample(engine.isCareful) }
    text.family("problems", .gauge, "What is not as it should be, as 'status' lists it.")
    var problems = (daemon: 0, symbol: 0, order: 0)
    for problem in snapshot.facts.troubles {
      switch problem.subject {
      case .daemon: problems.daemon += 1
      case .symbol: problems.symbol += 1
      case .order: problems.order += 1
      }
    }
    text.sample(problems.daemon, ("subject", "daemon"))
    text.sample(problems.symbol, ("subject", "symbol"))
    text.sample(problems.order, ("subject", "order"))
  }

  /// Every code stands there from the start: a rate is known only of what was zero before.
  private static func describeSignals(_ counts: MetricCounts, _ text: inout ExpositionText) {
    let codes = DecisionCode.allCases.filter { $0 != .heartbeat }
    text.family("signals_total", .counter, "Signals that were answered, by the answer's code.")
    for code in codes { text.sample(counts.signals[code] ?? 0, ("code", code.rawValue)) }
    text.family("heartbeats_total", .counter, "Heartbeats of sources that were taken.")
    text.sample(counts.signals[.heartbeat] ?? 0)
    text.family(
      "settled_signals_total", .counter, "Accepted signals whose story is over, by the last code.")
    for code in codes { text.sample(counts.settledSignals[code] ?? 0, ("code", code.rawValue)) }
  }

  private static func describeOrders(_ snapshot: MetricsSnapshot, _ text: inout ExpositionText) {
    text.family("settled_orders_total", .counter, "Orders whose story is over, by their status.")
    for status in OrderStatus.allCases where status.isTerminal || status == .notFound {
      text.sample(snapshot.counts.settledOrders[status] ?? 0, ("status", status.rawValue))
    }
    text.family("orders", .gauge, "Orders that are not at their end, by their status.")
    guard let engine = snapshot.engine else { return }
    for status in OrderStatus.allCases where !status.isTerminal {
      text.sample(engine.orders[status] ?? 0, ("status", status.rawValue))
    }
  }

  private static func describeLatencies(_ counts: MetricCounts, _ text: inout ExpositionText) {
    text.family(
      "intake_to_wire_seconds", .histogram,
      "From reading a signal to handing its order to a connection.")
    text.histogram(counts.intakeToWire)
    text.family(
      "wire_to_answer_seconds", .histogram,
      "From handing a placement to a connection to the exchange's answer.")
    text.histogram(counts.wireToAnswer)
    text.family("commit_seconds", .histogram, "Commits of the database.")
    text.histogram(counts.commits)
  }

  private static func describeLimits(_ snapshot: MetricsSnapshot, _ text: inout ExpositionText) {
    let engine = snapshot.engine
    text.family("rate_used", .gauge, "What is used of the exchange's pools in their windows.")
    text.pools(engine?.usage)
    text.family("rate_limit", .gauge, "What may be used of the exchange's pools.")
    text.pools(engine?.usageLimits)
    text.family("rate_ceiling_ratio", .gauge, "The part of the limits that is used at the most.")
    if let engine {
      text.sample(FixedDecimal(units: Int128(engine.ceiling) * 10_000_000_000_000_000))
    }
    text.family(
      "back_off_until_timestamp_seconds", .gauge,
      "Until when the exchange demands a back-off, since 1970; 0 when it demands none.")
    text.seconds(snapshot.facts.ban?.until ?? WallTime(milliseconds: 0))
    text.family("banned", .gauge, "1 while the exchange bans this address.")
    text.sample(snapshot.facts.ban?.isBan ?? false)
    text.family("risk_used", .gauge, "What counts against the limits of the configuration.")
    if let engine {
      text.sample(engine.liveOrders, ("limit", "open_orders"))
      text.sample(engine.ordersOfMinute, ("limit", "orders_per_minute"))
      if let quote = engine.dailyQuote { text.sample(quote, ("limit", "daily_quote")) }
    }
    text.family("risk_limit", .gauge, "The limits of the configuration.")
    let limits = snapshot.facts.configuration.risk
    text.sample(limits.maximumOpenOrders, ("limit", "open_orders"))
    text.sample(limits.maximumOrdersPerMinute, ("limit", "orders_per_minute"))
    if let quote = limits.maximumDailyQuote { text.sample(quote, ("limit", "daily_quote")) }
  }

  private static func describeExchange(_ snapshot: MetricsSnapshot, _ text: inout ExpositionText) {
    text.family("clock_offset_seconds", .gauge, "The exchange's clock minus this machine's.")
    if let offset = snapshot.engine?.clockOffsetMilliseconds {
      text.seconds(.milliseconds(offset))
    }
    text.family("clock_error_seconds", .gauge, "How far off the known offset can be.")
    if let error = snapshot.engine?.clockError { text.seconds(error) }
    text.family("api_key_remaining_seconds", .gauge, "How long the API key is valid yet.")
    if let days = snapshot.engine?.key?.daysLeft { text.seconds(.seconds(86_400 * days)) }
    text.family("connections", .gauge, "Connections to the exchange's REST service.")
    if let connections = snapshot.facts.connections {
      text.sample(connections.idle, ("state", "idle"))
      text.sample(connections.busy, ("state", "busy"))
      text.sample(connections.connecting, ("state", "connecting"))
    }
    text.family("requests_waiting", .gauge, "Requests that wait for a connection.")
    if let connections = snapshot.facts.connections { text.sample(connections.waiting) }
    describeStreams(snapshot.facts.streams, &text)
  }

  /// A stream that is off is wanted by nobody, and one that is missing cannot be told from it.
  private static func describeStreams(_ streams: [StreamStatus], _ text: inout ExpositionText) {
    var numbers: [String: Int] = [:]
    let named = streams.map { stream in
      let number = numbers[stream.name, default: 0]
      numbers[stream.name] = number + 1
      return (stream, ("stream", stream.name), ("connection", "\(number)"))
    }
    text.family("stream_wanted", .gauge, "1 when the connection of the stream is to be open.")
    for (stream, name, number) in named { text.sample(stream.state != .off, name, number) }
    text.family("stream_open", .gauge, "1 while the connection of the stream is open.")
    for (stream, name, number) in named { text.sample(stream.state == .open, name, number) }
    text.family("stream_subscriptions", .gauge, "Channels that are pushed.")
    for (stream, name, number) in named { text.sample(stream.subscriptions, name, number) }
    text.family("stream_reconnects_total", .counter, "How often it was connected again.")
    for (stream, name, number) in named { text.sample(stream.reconnects, name, number) }
    text.family("stream_last_message_age_seconds", .gauge, "How long ago it said something.")
    for (stream, name, number) in named {
      if let age = stream.lastMessageAge { text.seconds(age, name, number) }
    }
  }

  private static func describeNotify(_ snapshot: MetricsSnapshot, _ text: inout ExpositionText) {
    text.family("notify_runs_total", .counter, "Runs of the notify command, by their result.")
    text.sample(snapshot.counts.notified, ("result", "told"))
    text.sample(snapshot.counts.notifyFailures, ("result", "failed"))
    text.family("notifications_waiting", .gauge, "What the notify command is still to be told.")
    // Without a command nothing waits for it.
    let hasCommand = snapshot.facts.configuration.notify.command != nil
    if hasCommand, let waiting = snapshot.notificationsWaiting { text.sample(waiting) }
  }

  private static func describeMachine(
    _ snapshot: MetricsSnapshot, _ files: [(String, Int64)], _ text: inout ExpositionText
  ) {
    text.family("database_size_bytes", .gauge, "The size of the database's files.")
    for (name, size) in files { text.sample(size, ("file", name)) }
    text.family(
      "log_lines_dropped_total", .counter, "Lines of the journal that nobody read in time.")
    text.sample(snapshot.facts.droppedLogLines)
    text.family("loop_turns_total", .counter, "Turns of the loop, which are few at rest.")
    text.sample(snapshot.facts.loopTurns)
  }
}

extension ExpositionText {
  fileprivate mutating func pools(_ usage: RateUsage?) {
    guard let usage else { return }
    sample(usage.ip, ("pool", "ip"))
    sample(usage.uid, ("pool", "uid"))
    sample(usage.orders, ("pool", "orders"))
  }
}
