import Domain

extension Configuration {
  /// Values that are good each by itself and not together.
  package struct Conflict {
    /// The keys that the fault lies between, the one to change first.
    package let keys: [String]
    package let text: String
  }

  var conflicts: [Conflict] {
    [
      liveWithoutLimit, budgetTooSmall, accountBudgetTooSmall, tooManyToPush,
    ].compactMap(\.self) + placeConflicts()
  }

  private var liveWithoutLimit: Conflict? {
    guard mode == .live, risk.maximumOrderQuote == nil else { return nil }
    return Conflict(
      keys: ["risk.maximum_order_quote", "mode"],
      text: "missing; live mode trades only with a limit for each order: write an amount of the "
        + "quote currency such as \"100\"")
  }

  /// Looking up prices, and looking up the rules of the symbols, weigh 10 each (MEXC spot v3 docs):
  /// with less, no order could ever leave.
  private static let largestWeight = 10

  private var budgetTooSmall: Conflict? {
    guard usable(rateLimits.ipWeight) < FixedDecimal(Self.largestWeight) else { return nil }
    return Conflict(
      keys: ["rate_limits.ip_weight", "rate_limits.utilisation"],
      text: "\(rateLimits.ipWeight) at a utilisation of \(rateLimits.utilisation) leaves less than "
        + "the \(Self.largestWeight) that one price look-up weighs; write a larger one")
  }

  private var accountBudgetTooSmall: Conflict? {
    guard usable(rateLimits.uidWeight) < FixedDecimal(1) else { return nil }
    return Conflict(
      keys: ["rate_limits.uid_weight", "rate_limits.utilisation"],
      text:
        "\(rateLimits.uidWeight) at a utilisation of \(rateLimits.utilisation) leaves less "
        + "than the 1 that one order weighs; write a larger one")
  }

  /// Ten connections of 30 subscriptions each (MEXC spot v3, "Websocket market streams").
  private static let mostPushed = 300

  private var tooManyToPush: Conflict? {
    guard price.source == .stream, let symbols = risk.symbols.list,
      symbols.count > Self.mostPushed
    else { return nil }
    return Conflict(
      keys: ["risk.symbols", "price.source"],
      text:
        "\(symbols.count) symbols, and prices of at most \(Self.mostPushed) can be pushed; write "
        + "fewer, or set price.source to \"auto\"")
  }

  private func usable(_ limit: Int) -> FixedDecimal {
    FixedDecimal(limit).multiplied(by: rateLimits.utilisation, rounding: .down) ?? .zero
  }

  /// The daemon's own places must not be each other, and must not lie among the signals. `target` tells
  /// where a path leads.
  package func placeConflicts(at target: (String) -> String = { $0 }) -> [Conflict] {
    let paths =
      [
        ("store.path", store.path), ("intake.socket", intake.socket),
        ("control.socket", control.socket), ("credentials.file", credentials.file),
      ] + (credentials.passphraseFile.map { [("credentials.passphrase_file", $0)] } ?? [])
      + (metrics.listen?.path.map { [("metrics.listen", $0)] } ?? [])
      + (credentials.sourcesDirectory.map { [("credentials.sources_directory", $0)] } ?? [])
      + (console.listen.path.map { [("console.listen", $0)] } ?? [])
    let places = paths.map { key, path in (key: key, path: target(path)) }
    let spool = target(intake.directory)
    let folders = ["incoming", "active", "done", "rejected"].map {
      target("\(intake.directory)/\($0)")
    }
    var found: [Conflict] = []
    for (index, place) in places.enumerated() {
      for other in places[..<index] where other.path == place.path {
        found.append(
          Conflict(
            keys: [place.key, other.key], text: "the same path as \(other.key); write another one"))
      }
      let isAmongSignals = folders.contains {
        place.path == $0 || place.path.hasPrefix($0 + "/")
      }
      if place.path == spool || isAmongSignals {
        found.append(
          Conflict(
            keys: [place.key, "intake.directory"],
            text: "lies where intake.directory keeps signals; write a path outside it"))
      }
    }
    return found
  }
}
