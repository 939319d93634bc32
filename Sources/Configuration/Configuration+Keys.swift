import Domain

extension Configuration {
  /// Every key of the file, in the order in which it is written.
  static var keys: [ConfigurationKey] {
    [ConfigurationKey("mode", \.mode, .choice)]
      + exchangeKeys + credentialKeys + intakeKeys + storeKeys + priceKeys + riskKeys
      + rateLimitKeys + [ConfigurationKey(sources: "sources")] + controlKeys + consoleKeys
      + metricsKeys + notifyKeys + logKeys
  }

  private static var exchangeKeys: [ConfigurationKey] {
    [
      ConfigurationKey("exchange.rest_url", \.exchange.restURL, .url(.rest)),
      ConfigurationKey("exchange.stream_url", \.exchange.streamURL, .streamURL),
      ConfigurationKey("exchange.ca_file", \.exchange.caFile, .optional(.path())),
      // The exchange refuses a larger window with 700005 (MEXC spot v3 docs).
      ConfigurationKey(
        "exchange.recv_window_ms", \.exchange.receiveWindow, .milliseconds(1...60_000)),
      ConfigurationKey("exchange.settle_seconds", \.exchange.settleTime, .seconds(1...3_600)),
      // More than a few never carry requests at once: the order rate is 12 a second.
      ConfigurationKey("exchange.connections", \.exchange.connections, .integer(1...16)),
      ConfigurationKey("exchange.account", \.exchange.account, .name),
    ]
  }

  private static var credentialKeys: [ConfigurationKey] {
    [
      ConfigurationKey("credentials.source", \.credentials.source, .choice, reloads: true),
      ConfigurationKey("credentials.file", \.credentials.file, .path(), reloads: true),
      ConfigurationKey(
        "credentials.passphrase_file", \.credentials.passphraseFile, .optional(.path()),
        reloads: true),
      ConfigurationKey(
        "credentials.allow_withdraw_keys", \.credentials.allowsWithdrawKeys, .flag, reloads: true),
      ConfigurationKey(
        "credentials.sources_directory", \.credentials.sourcesDirectory, .optional(.path()),
        reloads: true),
    ]
  }

  private static var intakeKeys: [ConfigurationKey] {
    [
      ConfigurationKey("intake.directory", \.intake.directory, .path()),
      ConfigurationKey("intake.socket", \.intake.socket, .socketPath),
      ConfigurationKey("intake.socket_mode", \.intake.socketMode, .permissions),
      // The least holds any sensible signal; the most bounds what a client can make us keep.
      ConfigurationKey(
        "intake.maximum_signal_bytes", \.intake.maximumSignalBytes,
        .integer(256...1_048_576, unit: "bytes")),
      ConfigurationKey(
        "intake.default_ttl_seconds", \.intake.defaultTimeToLive, .seconds(1...86_400),
        reloads: true),
      ConfigurationKey(
        "intake.require_created_at", \.intake.requiresCreatedAt, .flag, reloads: true),
      ConfigurationKey("intake.require_source", \.intake.requiresSource, .flag, reloads: true),
      // Less is less than many programs take between two writes.
      ConfigurationKey("intake.quiet_seconds", \.intake.quietTime, .seconds(1...600)),
      // A hundred years is never.
      ConfigurationKey("intake.keep_days", \.intake.keepTime, .days(1...36_500), reloads: true),
    ]
  }

  private static var storeKeys: [ConfigurationKey] {
    [
      ConfigurationKey("store.path", \.store.path, .path()),
      ConfigurationKey(
        "store.retention_days", \.store.retentionTime, .days(1...36_500), reloads: true),
    ]
  }

  private static var priceKeys: [ConfigurationKey] {
    [
      ConfigurationKey("price.source", \.price.source, .choice, reloads: true),
      ConfigurationKey(
        "price.maximum_age_ms", \.price.maximumAge, .milliseconds(1...60_000), reloads: true),
      ConfigurationKey(
        "price.maximum_deviation_bps", \.price.maximumDeviation, .basisPoints, reloads: true),
      // The exchange has no other channels of best prices.
      ConfigurationKey(
        "price.stream_interval_ms", \.price.streamInterval, .number(of: "milliseconds")),
    ]
  }

  private static var riskKeys: [ConfigurationKey] {
    [
      ConfigurationKey("risk.symbols", \.risk.symbols, .symbols, reloads: true),
      ConfigurationKey(
        "risk.maximum_order_quote", \.risk.maximumOrderQuote, .optional(.money), reloads: true),
      ConfigurationKey(
        "risk.maximum_open_orders", \.risk.maximumOpenOrders, .integer(1...100_000),
        reloads: true),
      ConfigurationKey(
        "risk.maximum_orders_per_minute", \.risk.maximumOrdersPerMinute, .integer(1...100_000),
        reloads: true),
      ConfigurationKey(
        "risk.maximum_daily_quote", \.risk.maximumDailyQuote, .optional(.money), reloads: true),
      ConfigurationKey(
        "risk.pause_on_not_found", \.risk.pauseOnNotFound, .choice, reloads: true),
    ]
  }

  private static var rateLimitKeys: [ConfigurationKey] {
    [
      ConfigurationKey("rate_limits.ip_weight", \.rateLimits.ipWeight, .integer(1...100_000)),
      ConfigurationKey("rate_limits.uid_weight", \.rateLimits.uidWeight, .integer(1...100_000)),
      ConfigurationKey("rate_limits.window_seconds", \.rateLimits.window, .seconds(1...3_600)),
      ConfigurationKey(
        "rate_limits.orders_per_second", \.rateLimits.ordersPerSecond, .integer(1...100_000)),
      ConfigurationKey("rate_limits.utilisation", \.rateLimits.utilisation, .fraction),
    ]
  }

  private static var controlKeys: [ConfigurationKey] {
    [ConfigurationKey("control.socket", \.control.socket, .socketPath)]
  }

  /// The console reads them at its own start: a daemon that reloads has nothing left to do for them.
  private static var consoleKeys: [ConfigurationKey] {
    [
      ConfigurationKey(
        "console.listen", \.console.listen, .listenAddress("console", port: 8_712), reloads: true),
      ConfigurationKey("console.control", \.console.allowsControl, .flag, reloads: true),
    ]
  }

  private static var metricsKeys: [ConfigurationKey] {
    [
      ConfigurationKey(
        "metrics.listen", \.metrics.listen, .optional(.listenAddress("metrics", port: 9_464)))
    ]
  }

  private static var notifyKeys: [ConfigurationKey] {
    [
      ConfigurationKey("notify.command", \.notify.command, .optional(.command), reloads: true),
      ConfigurationKey("notify.events", \.notify.events, .events, reloads: true),
      ConfigurationKey(
        "notify.timeout_seconds", \.notify.timeout, .seconds(1...600), reloads: true),
    ]
  }

  private static var logKeys: [ConfigurationKey] {
    [
      ConfigurationKey("log.level", \.log.level, .level, reloads: true),
      ConfigurationKey("log.format", \.log.format, .choice),
    ]
  }
}
