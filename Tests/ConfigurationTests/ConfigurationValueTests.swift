import Configuration
import Domain
import Platform
import Testing

/// One key with a value of it, and what becomes of it.
private struct Accepted: CustomTestStringConvertible, Sendable {
  let key: String
  let value: String
  let holds: @Sendable (Configuration) -> Bool

  var testDescription: String { "\(key): \(value)" }

  init(_ key: String, _ value: String, _ holds: @escaping @Sendable (Configuration) -> Bool) {
    self.key = key
    self.value = value
    self.holds = holds
  }
}

/// One key with a value that is refused, and a piece of the sentence that says so.
private struct Refused: CustomTestStringConvertible, Sendable {
  let key: String
  let value: String
  let says: String

  var testDescription: String { "\(key): \(value)" }

  init(_ key: String, _ value: String, _ says: String) {
    self.key = key
    self.value = value
    self.says = says
  }
}

/// A file with this key on its second line.
private func text(_ key: String, _ value: String) -> String {
  let parts = key.split(separator: ".")
  return parts.count == 1 ? "{\n\(key): \(value)\n}" : "{ \(parts[0]): {\n\(parts[1]): \(value)\n}}"
}

@Suite struct ConfigurationValueTests {
  private static let accepted: [Accepted] = [
    Accepted("mode", "'paper'") { $0.mode == .paper },
    Accepted("mode", "'validate'") { $0.mode == .validate },
    Accepted("exchange.rest_url", "'http://127.0.0.1:8080'") {
      $0.exchange.restURL == "http://127.0.0.1:8080"
    },
    Accepted("exchange.rest_url", "'http://[::1]:9'") { $0.exchange.restURL == "http://[::1]:9" },
    Accepted("exchange.rest_url", "'http://localhost/'") {
      $0.exchange.restURL == "http://localhost/"
    },
    Accepted("exchange.rest_url", "'https://10.0.0.1:65535'") {
      $0.exchange.restURL == "https://10.0.0.1:65535"
    },
    Accepted("exchange.stream_url", "'ws://127.8.9.1:1/ws'") {
      $0.exchange.streamURL == "ws://127.8.9.1:1/ws"
    },
    Accepted("exchange.stream_url", "null") {
      $0.exchange.streamURL == "wss://wbs-api.mexc.com/ws"
    },
    Accepted("exchange.ca_file", "'/etc/ca.pem'") { $0.exchange.caFile == "/etc/ca.pem" },
    Accepted("exchange.ca_file", "null") { $0.exchange.caFile == nil },
    Accepted("exchange.recv_window_ms", "60000") { $0.exchange.receiveWindow == .seconds(60) },
    Accepted("exchange.recv_window_ms", "1") { $0.exchange.receiveWindow == .milliseconds(1) },
    Accepted("exchange.settle_seconds", "3600") { $0.exchange.settleTime == .seconds(3_600) },
    Accepted("exchange.connections", "16") { $0.exchange.connections == 16 },
    Accepted("exchange.account", "'desk-2_a.b'") { $0.exchange.account == "desk-2_a.b" },
    Accepted("credentials.source", "'systemd'") { $0.credentials.source == .systemd },
    Accepted("credentials.source", "'environment'") { $0.credentials.source == .environment },
    Accepted("credentials.source", "'file'") { $0.credentials.source == .file },
    Accepted("credentials.file", "'/srv/k'") { $0.credentials.file == "/srv/k" },
    Accepted("credentials.passphrase_file", "'/srv/p'") {
      $0.credentials.passphraseFile == "/srv/p"
    },
    Accepted("credentials.allow_withdraw_keys", "true") { $0.credentials.allowsWithdrawKeys },
    Accepted("credentials.passphrase_file", "null") { $0.credentials.passphraseFile == nil },
    Accepted("credentials.sources_directory", "'/srv/s'") {
      $0.credentials.sourcesDirectory == "/srv/s"
    },
    Accepted("credentials.sources_directory", "null") { $0.credentials.sourcesDirectory == nil },
    Accepted("intake.directory", "'/srv/signals'") { $0.intake.directory == "/srv/signals" },
    Accepted("intake.socket", "'/tmp/s'") { $0.intake.socket == "/tmp/s" },
    Accepted("intake.socket", "'/\(String(repeating: "a", count: 106))'") {
      $0.intake.socket.utf8.count == 107
    },
    Accepted("intake.socket_mode", "'0600'") { $0.intake.socketMode == 0o600 },
    Accepted("intake.socket_mode", "'666'") { $0.intake.socketMode == 0o666 },
    Accepted("intake.require_created_at", "true") { $0.intake.requiresCreatedAt },
    Accepted("intake.require_created_at", "false") { !$0.intake.requiresCreatedAt },
    Accepted("intake.require_source", "true") { $0.intake.requiresSource },
    Accepted("intake.require_source", "false") { !$0.intake.requiresSource },
    Accepted("intake.quiet_seconds", "1") { $0.intake.quietTime == .seconds(1) },
    Accepted("intake.quiet_seconds", "600") { $0.intake.quietTime == .seconds(600) },
    Accepted("intake.keep_days", "1") { $0.intake.keepTime == .seconds(86_400) },
    Accepted("intake.keep_days", "36500") { $0.intake.keepTime == .seconds(36_500 * 86_400) },
    Accepted("intake.maximum_signal_bytes", "256") { $0.intake.maximumSignalBytes == 256 },
    Accepted("intake.default_ttl_seconds", "86400") {
      $0.intake.defaultTimeToLive == .seconds(86_400)
    },
    Accepted("store.path", "'/srv/s.db'") { $0.store.path == "/srv/s.db" },
    Accepted("store.retention_days", "7") { $0.store.retentionTime == .seconds(7 * 86_400) },
    Accepted("price.source", "'rest'") { $0.price.source == .rest },
    Accepted("price.source", "'stream'") { $0.price.source == .stream },
    Accepted("price.stream_interval_ms", "10") { $0.price.streamInterval == .short },
    Accepted("price.maximum_age_ms", "250") { $0.price.maximumAge == .milliseconds(250) },
    Accepted("price.maximum_deviation_bps", "0") { $0.price.maximumDeviation == .zero },
    Accepted("price.maximum_deviation_bps", "'12.5'") {
      $0.price.maximumDeviation.description == "12.5"
    },
    Accepted("price.maximum_deviation_bps", "10000") {
      $0.price.maximumDeviation == FixedDecimal(10_000)
    },
    Accepted("risk.symbols", "'*'") { $0.risk.symbols == .all },
    Accepted("risk.symbols", "['btc-usdt', 'MEXC:ETHUSDT', 'BTCUSDT']") {
      $0.risk.symbols
        == .listed(["BTCUSDT", "ETHUSDT"].compactMap { Symbol(exchangeText: $0) })
    },
    Accepted("risk.maximum_order_quote", "'0.000000000000000001'") {
      $0.risk.maximumOrderQuote == FixedDecimal(units: 1)
    },
    Accepted("risk.maximum_order_quote", "25.5") {
      $0.risk.maximumOrderQuote?.description == "25.5"
    },
    Accepted("risk.maximum_order_quote", "null") { $0.risk.maximumOrderQuote == nil },
    Accepted("risk.maximum_open_orders", "1") { $0.risk.maximumOpenOrders == 1 },
    Accepted("risk.maximum_orders_per_minute", "100000") {
      $0.risk.maximumOrdersPerMinute == 100_000
    },
    Accepted("risk.maximum_daily_quote", "null") { $0.risk.maximumDailyQuote == nil },
    Accepted("risk.maximum_daily_quote", "'5'") { $0.risk.maximumDailyQuote == FixedDecimal(5) },
    Accepted("risk.pause_on_not_found", "'all'") { $0.risk.pauseOnNotFound == .all },
    Accepted("risk.pause_on_not_found", "'none'") { $0.risk.pauseOnNotFound == .none },
    Accepted("rate_limits.ip_weight", "20") { $0.rateLimits.ipWeight == 20 },
    Accepted("rate_limits.uid_weight", "2") { $0.rateLimits.uidWeight == 2 },
    Accepted("rate_limits.window_seconds", "60") { $0.rateLimits.window == .seconds(60) },
    Accepted("rate_limits.orders_per_second", "2") { $0.rateLimits.ordersPerSecond == 2 },
    Accepted("rate_limits.utilisation", "1") { $0.rateLimits.utilisation == FixedDecimal(1) },
    Accepted("rate_limits.utilisation", ".5") { $0.rateLimits.utilisation.description == "0.5" },
    Accepted("sources", "{}") { $0.sources.isEmpty },
    Accepted("sources", "{'bot-1': {symbols: ['BTC/USDT'], sides: ['buy']}, b: {secret: true}}") {
      $0.sources.map(\.name) == ["bot-1", "b"] && $0.sources[0].sides == [.buy]
        && !$0.sources[0].isSigned && $0.sources[1].isSigned && $0.sources[1].symbols == .all
    },
    Accepted("sources", "{'a b': {maximum_order_quote: '50', signals_per_hour: 20}}") {
      $0.sources[0].maximumOrderQuote == FixedDecimal(50) && $0.sources[0].signalsPerHour == 20
        && $0.sources[0].sides == [.buy, .sell] && $0.sources[0].heartbeat == nil
    },
    Accepted("sources", "{b: {heartbeat_seconds: 300, on_silence: 'halt'}}") {
      $0.sources[0].heartbeat == .seconds(300) && $0.sources[0].onSilence == .halt
    },
    Accepted("control.socket", "'/tmp/c'") { $0.control.socket == "/tmp/c" },
    Accepted("console.listen", "'127.0.0.1:0'") { $0.console.listen.text == "127.0.0.1:0" },
    Accepted("console.listen", "'unix:/run/c'") { $0.console.listen == .unix("/run/c") },
    Accepted("console.control", "true") { $0.console.allowsControl },
    Accepted("notify.command", "null") { $0.notify.command == nil },
    Accepted("notify.command", "'/usr/bin/true'") { $0.notify.command == ["/usr/bin/true"] },
    Accepted("notify.command", "['/bin/sh', '-c', '']") {
      $0.notify.command == ["/bin/sh", "-c", ""]
    },
    Accepted("notify.events", "[]") { $0.notify.events == [] },
    Accepted("notify.events", "['halted', 'back_off']") {
      $0.notify.events == [.halted, .backOff]
    },
    Accepted("notify.timeout_seconds", "600") { $0.notify.timeout == .seconds(600) },
    Accepted("metrics.listen", "null") { $0.metrics.listen == nil },
    Accepted("metrics.listen", "'127.8.9.1:9464'") { $0.metrics.listen?.text == "127.8.9.1:9464" },
    Accepted("metrics.listen", "'localhost:0'") { $0.metrics.listen?.text == "127.0.0.1:0" },
    Accepted("metrics.listen", "'[::1]:65535'") { $0.metrics.listen?.text == "[::1]:65535" },
    Accepted("metrics.listen", "'unix:/tmp/m'") { $0.metrics.listen == .unix("/tmp/m") },
    Accepted("log.level", "'debug'") { $0.log.level == .debug },
    Accepted("log.format", "'json'") { $0.log.format == .json },
    Accepted("log.format", "'logfmt'") { $0.log.format == .logfmt },
    Accepted("log.format", "'journal'") { $0.log.format == .journal },
  ]

  @Test(arguments: accepted) private func `a good value is taken`(_ row: Accepted) throws {
    let read = Configuration.read(Array(text(row.key, row.value).utf8), file: "f")
    let configuration = try read.get()
    #expect(row.holds(configuration))
    #expect(
      try Configuration.read(Array(configuration.effectiveText().utf8), file: "f").get()
        == configuration)
  }

  private static let refused: [Refused] = [
    Refused("mode", "'paprika'", "\"paprika\" is not one of the words for this key"),
    Refused("mode", "'Live'", "write \"paper\", \"validate\" or \"live\" (default \"paper\")"),
    Refused("mode", "true", "found true or false"),
    Refused("exchange.rest_url", "'http://api.mexc.com'", "unencrypted"),
    Refused("exchange.rest_url", "'http://127.0.0.1.example.com'", "unencrypted"),
    Refused("exchange.rest_url", "'http://128.0.0.1'", "unencrypted"),
    Refused("exchange.rest_url", "'api.mexc.com'", "has no scheme"),
    Refused("exchange.rest_url", "'wss://api.mexc.com'", "does not speak"),
    Refused("exchange.rest_url", "'https://'", "no valid host"),
    Refused("exchange.rest_url", "'https://256.1.1.1'", "no valid host"),
    Refused("exchange.rest_url", "'https://[::g]'", "no valid host"),
    Refused("exchange.rest_url", "'https://h:0'", "port"),
    Refused("exchange.rest_url", "'https://h:65536'", "port"),
    Refused("exchange.rest_url", "'https://h/?a=b'", "query"),
    Refused(
      "exchange.rest_url", "'https://h/api/v3'", "has a path behind the host; write https://"),
    Refused("exchange.rest_url", "'https://h h'", "no valid host"),
    Refused("exchange.rest_url", "1", "found a number"),
    Refused("exchange.stream_url", "'ws://wbs-api.mexc.com/ws'", "unencrypted"),
    Refused("exchange.stream_url", "'https://wbs-api.mexc.com/ws'", "write wss://HOST"),
    Refused("exchange.ca_file", "'ca.pem'", "is not an absolute path"),
    Refused("exchange.ca_file", "false", "or null"),
    Refused("exchange.recv_window_ms", "60001", "60001 is out of range"),
    Refused("exchange.recv_window_ms", "0", "from 1 to 60000 (default 5000)"),
    Refused("exchange.recv_window_ms", "-5", "out of range"),
    Refused("exchange.recv_window_ms", "5e3", "not a whole number"),
    Refused("exchange.recv_window_ms", "99999999999999999999999", "out of range"),
    Refused("exchange.recv_window_ms", "'5000'", "found a string"),
    Refused("exchange.settle_seconds", "0", "seconds from 1 to 3600"),
    Refused("exchange.settle_seconds", "1.5", "not a whole number"),
    Refused("exchange.connections", "17", "from 1 to 16"),
    Refused("exchange.account", "''", "is not a name"),
    Refused("exchange.account", "'a b'", "is not a name"),
    Refused("exchange.account", "'\(String(repeating: "a", count: 33))'", "is not a name"),
    Refused(
      "credentials.source", "'vault'",
      "write \"auto\", \"systemd\", \"file\" or \"environment\""),
    Refused("credentials.source", "[]", "found an array"),
    Refused("credentials.file", "null", "found null"),
    Refused("credentials.passphrase_file", "'passphrase'", "the value is not an absolute path"),
    Refused("credentials.allow_withdraw_keys", "'yes'", "true or false"),
    Refused("credentials.passphrase_file", "1", "or null (default null)"),
    Refused("credentials.sources_directory", "'s'", "the value is not an absolute path"),
    Refused("intake.directory", "'spool'", "not an absolute path"),
    Refused("intake.directory", "'/spool/'", "ends in a slash"),
    Refused("intake.directory", "'/a\\nb'", "control character"),
    Refused("intake.socket", "'/\(String(repeating: "a", count: 107))'", "is 108 bytes long"),
    Refused("intake.socket_mode", "660", "in quotes"),
    Refused("intake.socket_mode", "'0680'", "not an octal number"),
    Refused("intake.socket_mode", "'0060'", "locks the owner out"),
    Refused("intake.socket_mode", "'4660'", "more than permission bits"),
    Refused("intake.require_created_at", "'true'", "true or false"),
    Refused("intake.require_created_at", "1", "true or false"),
    Refused("intake.require_source", "1", "true or false"),
    Refused("intake.quiet_seconds", "0", "out of range"),
    Refused("intake.quiet_seconds", "601", "out of range"),
    Refused("intake.keep_days", "0", "days from 1 to 36500 (default 30)"),
    Refused("intake.keep_days", "null", "found null"),
    Refused("intake.keep_days", "0.5", "not a whole number"),
    Refused("intake.maximum_signal_bytes", "255", "bytes from 256 to 1048576"),
    Refused("intake.default_ttl_seconds", "86401", "out of range"),
    Refused("store.path", "42", "found a number"),
    Refused("store.retention_days", "0", "days from 1 to 36500 (default 365)"),
    Refused("price.source", "'ticker'", "write \"auto\", \"stream\" or \"rest\""),
    Refused("price.stream_interval_ms", "50", "write 10 or 100 milliseconds (default 100)"),
    Refused("price.stream_interval_ms", "'100'", "found a string"),
    Refused("price.maximum_age_ms", "0", "out of range"),
    Refused("price.maximum_deviation_bps", "10000.1", "out of range"),
    Refused("price.maximum_deviation_bps", "-1", "out of range"),
    Refused("price.maximum_deviation_bps", "1e2", "has an exponent"),
    Refused("risk.symbols", "[]", "allows no symbol"),
    Refused("risk.symbols", "'BTCUSDT'", "stands alone"),
    Refused("risk.symbols", "['BTCUSDT', '*']", "element 2"),
    Refused("risk.symbols", "['BTC/USDT:USDT']", "a perpetual contract"),
    Refused("risk.symbols", "['BINANCE:BTCUSDT']", "a pair of BINANCE"),
    Refused("risk.symbols", "['B T C']", "is no symbol"),
    Refused("risk.symbols", "[1]", "is no text"),
    Refused("risk.symbols", "{}", "found an object"),
    Refused("risk.maximum_order_quote", "'0'", "\"0\" is out of range"),
    Refused("risk.maximum_order_quote", "'-1'", "out of range"),
    Refused("risk.maximum_order_quote", "'100 USDT'", "not a plain decimal number"),
    Refused("risk.maximum_order_quote", "'1,5'", "not a plain decimal number"),
    Refused("risk.maximum_order_quote", "1e2", "has an exponent"),
    Refused("risk.maximum_order_quote", "'0.0000000000000000001'", "18 digits"),
    Refused("risk.maximum_order_quote", "'1000000000000000000000'", "too large"),
    Refused("risk.maximum_order_quote", "true", "such as \"100\", or null (default null)"),
    Refused("risk.maximum_open_orders", "0", "out of range"),
    Refused("risk.maximum_open_orders", "null", "found null"),
    Refused("risk.maximum_orders_per_minute", "0", "out of range"),
    Refused("risk.maximum_daily_quote", "'zero'", "not a plain decimal number"),
    Refused("risk.pause_on_not_found", "'symbols'", "write \"symbol\", \"all\" or \"none\""),
    Refused("risk.pause_on_not_found", "null", "found null"),
    Refused("rate_limits.ip_weight", "0", "out of range"),
    Refused("rate_limits.uid_weight", "'500'", "found a string"),
    Refused("rate_limits.window_seconds", "3601", "out of range"),
    Refused("rate_limits.orders_per_second", "0", "out of range"),
    Refused("rate_limits.utilisation", "0", "out of range"),
    Refused("rate_limits.utilisation", "1.01", "above 0 and at most 1 (default 0.95)"),
    Refused("sources", "[]", "found an array; write an object"),
    Refused("control.socket", "'control.sock'", "not an absolute path"),
    Refused("console.listen", "'0.0.0.0:8712'", "other machines must not reach it"),
    Refused("console.listen", "'example.org:8712'", "write an address of this machine"),
    Refused("console.listen", "null", "found null"),
    Refused("console.control", "'yes'", "write true or false"),
    Refused("notify.command", "'alert'", "not an absolute path"),
    Refused("notify.command", "[]", "names no program"),
    Refused("notify.command", "['sh', '-c']", "does not begin with an absolute path"),
    Refused("notify.command", "['/bin/sh', 1]", "has a number among the arguments"),
    Refused("notify.command", "1", "found a number"),
    Refused("notify.events", "['halte']", "is no event; did you mean \"halted\"?"),
    Refused("notify.events", "['nothing like it']", "which is no event"),
    Refused("notify.events", "['halted', 'halted']", "twice"),
    Refused("notify.events", "[1]", "has a number among the names of events"),
    Refused("notify.events", "'halted'", "found a string"),
    Refused("notify.timeout_seconds", "0", "out of range"),
    Refused("notify.timeout_seconds", "601", "out of range"),
    Refused("metrics.listen", "'0.0.0.0:9464'", "other machines must not reach it"),
    Refused("metrics.listen", "'10.0.0.1:9464'", "other machines must not reach it"),
    Refused("metrics.listen", "'[::]:9464'", "other machines must not reach it"),
    Refused("metrics.listen", "'example.com:9464'", "other machines must not reach it"),
    Refused("metrics.listen", "'::1:9464'", "other machines must not reach it"),
    Refused("metrics.listen", "'127.0.0.1'", "write an address of this machine alone and a port"),
    Refused("metrics.listen", "'127.0.0.1:65536'", "write an address of this machine"),
    Refused("metrics.listen", "'unix:m.sock'", "write an address of this machine"),
    Refused("metrics.listen", "'unix:/tmp/'", "ends in a slash"),
    Refused("metrics.listen", "9464", "found a number"),
    Refused("log.level", "'trace'", "\"error\", \"warning\", \"notice\", \"info\" or \"debug\""),
    Refused("log.level", "3", "found a number"),
    Refused("log.format", "'xml'", "\"auto\", \"journal\", \"logfmt\" or \"json\""),
  ]

  @Test(arguments: refused) private func `a bad value is one violation`(_ row: Refused) throws {
    let violations = violations(in: text(row.key, row.value))
    try #require(violations.count == 1)
    #expect(violations[0].line == 2)
    #expect(violations[0].key == row.key)
    #expect(violations[0].text.contains(row.says), "\(violations[0])")
  }

  @Test func `every key of the schema has rows of both kinds`() {
    #expect(Set(Self.accepted.map(\.key)) == ConfigurationFixture.keys)
    #expect(Set(Self.refused.map(\.key)) == ConfigurationFixture.keys)
  }

  @Test func `a value that may be a secret is not repeated`() {
    for (key, value) in [
      ("credentials.source", "'hunter2'"), ("exchange.rest_url", "'https://u:hunter2@h'"),
    ] {
      let violations = violations(in: text(key, value))
      #expect(violations.count == 1)
      #expect(!violations.map(\.description).joined().contains("hunter2"))
    }
  }
}

func violations(in text: String) -> [Violation] {
  switch Configuration.read(Array(text.utf8), file: "c.json5") {
  case .success: []
  case .failure(let invalid): invalid.violations
  }
}
