import Domain

/// What the exchange's list said of a symbol when it was last read.
enum InstrumentReading: Hashable, Sendable {
  /// Indirect: a copy is a reference.
  indirect case listed(Instrument)
  /// Listed with a rule that cannot be held, or not in a list that cannot be believed.
  case unreadable(String)
  case notListed

  init(
    of symbol: Symbol, _ found: [Instrument], _ unreadable: [UnreadableRules]
  ) {
    if let instrument = found.first(where: { $0.symbol == symbol }) {
      self = .listed(instrument)
    } else if let rules = unreadable.first(where: { $0.symbol == symbol }) {
      self = .unreadable(rules.reason)
    } else {
      self = .notListed
    }
  }

  var isListed: Bool {
    switch self {
    case .listed: true
    case .unreadable, .notListed: false
    }
  }

  var isUnreadable: Bool {
    switch self {
    case .unreadable: true
    case .listed, .notListed: false
    }
  }

  /// Whether it refuses signals that a later reading may let go.
  var isRestrictive: Bool {
    switch self {
    case .listed(let rules): !rules.isTradable || rules.sides != .both
    case .unreadable, .notListed: true
    }
  }

  /// Whether the exchange takes no order of the symbol at all.
  var isClosed: Bool {
    switch self {
    case .listed(let rules): !rules.isTradable || rules.sides == .none
    case .notListed: true
    case .unreadable: false
    }
  }

  /// Throws a denial when there are none that an order could be judged by.
  func rules(of symbol: Symbol) throws(Denial) -> Instrument {
    switch self {
    case .listed(let rules): return rules
    case .unreadable(let reason):
      throw Denial(
        .symbolNotTradable,
        "the exchange's rules for \(symbol) cannot be read: \(reason)",
        leavesIDFree: true)
    case .notListed:
      throw Denial(.symbolUnknown, "the exchange does not list \(symbol)")
    }
  }

  /// Tells once why signals of the symbol are refused. `isWanted` where the configuration names it.
  func tell(
    of symbol: Symbol, isWanted: Bool, unlike before: InstrumentReading?,
    _ reaction: inout Reaction
  ) {
    switch self {
    case .listed: break
    case .notListed:
      guard before != .notListed, isWanted else { return }
      reaction.log(
        .warning, "the exchange does not list the symbol; its signals are refused",
        [
          ("symbol", symbol.text),
          ("advice", "check its spelling, or take it off risk.symbols"),
        ])
    case .unreadable(let reason):
      if before == .unreadable(reason) { return }
      reaction.log(
        .warning, "a rule of the symbol cannot be read; its signals are refused, the others go on",
        [
          ("symbol", symbol.text), ("reason", reason),
          (
            "advice",
            "the rules are read again twice a minute, and after a refused signal; until they can "
              + "be read, trade this symbol by hand"
          ),
        ])
    }
  }
}
