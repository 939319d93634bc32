import Domain
import JSON
import Testing

enum ConfigurationFixture {
  /// The keys of the contract, by their full names.
  static let keys: Set<String> = [
    "mode", "exchange.rest_url", "exchange.stream_url", "exchange.ca_file",
    "exchange.recv_window_ms", "exchange.settle_seconds", "exchange.connections",
    "exchange.account", "credentials.source", "credentials.file", "credentials.passphrase_file",
    "credentials.allow_withdraw_keys",
    "credentials.sources_directory",
    "intake.directory", "intake.socket", "intake.socket_mode", "intake.maximum_signal_bytes",
    "intake.default_ttl_seconds", "intake.require_created_at", "intake.require_source",
    "intake.quiet_seconds",
    "intake.keep_days",
    "store.path", "store.retention_days", "price.source", "price.maximum_age_ms",
    "price.maximum_deviation_bps", "price.stream_interval_ms", "risk.symbols",
    "risk.maximum_order_quote",
    "risk.maximum_open_orders", "risk.maximum_orders_per_minute", "risk.maximum_daily_quote",
    "risk.pause_on_not_found", "rate_limits.ip_weight", "rate_limits.uid_weight",
    "rate_limits.window_seconds", "rate_limits.orders_per_second", "rate_limits.utilisation",
    "sources", "control.socket", "console.listen", "console.control", "metrics.listen",
    "notify.command", "notify.events",
    "notify.timeout_seconds", "log.level", "log.format",
  ]

  /// The full names of the keys in a document.
  static func keys(in document: JSONValue) -> Set<String> {
    var found: Set<String> = []
    for member in document.objectValue ?? [] {
      // The names in the table of sources are the file's own.
      guard member.name != "sources", let inner = member.value.objectValue else {
        found.insert(member.name)
        continue
      }
      for value in inner { found.insert("\(member.name).\(value.name)") }
    }
    return found
  }
}
