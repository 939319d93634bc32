package import Domain
import JSON
package import Platform

/// What a run asks of its database: that the orders in it are of the run's own venue, mode, account
/// and API key. A run of another one would look for them where they are not, and record what it finds there.
package struct DatabaseOwnership {
  package enum Verdict: Hashable, Sendable {
    case ours
    /// Nobody's yet; why, for the history.
    case free(because: String)
    /// Why not, and what to do.
    case refused(String)
  }

  let account: TradingAccount
  let mode: TradingMode
  /// Where the database is, and the command that states whose it is.
  private let path: String
  private let statement: String
  package let keyDigest: ((_ salt: [UInt8]) -> KeyDigest)?

  /// `statement` is the command by which the operator says whose the database is. Without
  /// `keyDigest` the API key is not compared.
  package init(
    account: TradingAccount, mode: TradingMode, path: String, statement: String,
    keyDigest: ((_ salt: [UInt8]) -> KeyDigest)?
  ) {
    self.account = account
    self.mode = mode
    self.path = path
    self.statement = statement
    self.keyDigest = keyDigest
  }

  /// Takes the database when it is free. Why the run must not use it; `nil` when it may. Throws
  /// when the database cannot be read or written.
  package func take(
    _ store: OrderStore, _ logger: Logger, at now: WallTime
  ) throws(StoreError) -> String? {
    switch try verdict(on: store.reader) {
    case .ours: return nil
    case .refused(let reason): return reason
    case .free(let reason):
      try record(in: store, because: reason, at: now)
      try store.commit()
      logger.log(
        .info, "the database belongs to this mode and account from now on",
        [
          LogField("database", path), LogField("mode", mode.rawValue),
          LogField("account", account.name), LogField("because", reason),
        ])
      return nil
    }
  }

  /// Part of the store's present turn.
  func record(
    in store: OrderStore, because reason: String, at now: WallTime
  ) throws(StoreError) {
    try store.write(
      .setOwner(DatabaseOwner(account: account, mode: mode, since: now)))
    try store.write(
      .appendEvent(
        HistoryEvent(
          at: now, subject: .daemon, kind: "database_taken",
          detail: [
            "venue": .string(account.venue.text), "mode": .string(mode.rawValue),
            "account": .string(account.name),
            "because": .string(reason),
          ])))
  }
}

// MARK: - Judging

extension DatabaseOwnership {
  /// Whether this run may use the database, and why not. Throws when it cannot be read.
  package func verdict(on store: StoreReader) throws(StoreError) -> Verdict {
    guard let owner = try store.owner() else { return try verdictByOrders(in: store) }
    let isOurs = isOurs(owner)
    if isOurs && hasKey(of: owner) { return .ours }
    let traces = try store.modeTraces()
    if traces.isEmpty { return .free(because: "no order of it has left") }
    return .refused(isOurs ? otherKey : otherOwner(owner, traces))
  }

  func isOurs(_ owner: DatabaseOwner) -> Bool {
    owner.account == account && owner.mode == mode
  }

  private func hasKey(of owner: DatabaseOwner) -> Bool {
    guard let keyDigest, let key = owner.key else { return true }
    return keyDigest(key.salt) == key
  }

  /// Of a database whose programs did not write down whose it is.
  private func verdictByOrders(in store: StoreReader) throws(StoreError) -> Verdict {
    let traces = try store.modeTraces()
    if traces.isEmpty { return .free(because: "no order of it has left") }
    guard let found = Self.onlyMode(of: traces) else { return .refused(unclear(traces)) }
    guard found == mode else { return .refused(otherMode(found, traces)) }
    if let last = try store.lastSignal(),
      last.clientOrderID != ClientOrderID(account: account.name, signal: last.id)
    {
      return .refused(otherAccount)
    }
    return .free(because: "its orders were made in mode \(mode.rawValue)")
  }

  /// The one mode that all orders are of; `nil` when that is not certain. An order that tells nothing
  /// and is under way must not be looked for on paper alone.
  private static func onlyMode(of traces: [ModeTrace]) -> TradingMode? {
    let modes = Set(traces.compactMap(\.mode))
    guard modes.count == 1, let mode = modes.first else { return nil }
    let isInDoubt = traces.contains { $0.mode == nil && $0.underWay > 0 }
    return mode == .paper && isInDoubt ? nil : mode
  }
}

// MARK: - Words

extension DatabaseOwnership {
  var name: String { Self.name(mode, account.name) }

  package static func name(_ owner: DatabaseOwner) -> String {
    name(owner.mode, owner.account.name)
  }

  package static func name(_ mode: TradingMode, _ account: String) -> String {
    "mode \(mode.rawValue) and account \"\(account)\""
  }

  func otherOwner(_ owner: DatabaseOwner, _ traces: [ModeTrace]) -> String {
    let (venue, former) = (account.venue, owner.account.venue)
    let (wrong, right): (String, String)
    if former != venue {
      (wrong, right) = ("venue \(venue)", "venue \(former)")
    } else if owner.account == account {
      (wrong, right) = ("mode \(mode.rawValue)", "mode \(owner.mode.rawValue)")
    } else if owner.mode == mode {
      (wrong, right) = ("account \"\(account.name)\"", "account \"\(owner.account.name)\"")
    } else {
      (wrong, right) = (name, Self.name(owner))
    }
    return
      "\(path) belongs to \(former == venue ? Self.name(owner) : right), and the configuration says "
      + "\(wrong)\(Self.underWay(traces)); give \(wrong) a database of its own by another "
      + "store.path, or go back to \(right)"
  }

  private func otherMode(_ found: TradingMode, _ traces: [ModeTrace]) -> String {
    "the orders in \(path) were made in mode \(found.rawValue), and the configuration says mode "
      + "\(mode.rawValue)\(Self.underWay(traces)); give mode \(mode.rawValue) a database of its own "
      + "by another store.path, or go back to mode \(found.rawValue)"
  }

  private var otherAccount: String {
    "the last order in \(path) was named for another exchange.account than \"\(account.name)\"; go back "
      + "to the former name, or give account \"\(account.name)\" a database of its own by another "
      + "store.path. If all of it is to belong to \(name), say so once with '\(statement)' and "
      + "start again"
  }

  private var otherKey: String {
    "\(path) belongs to \(name), and was used with another API key. If the present key is of the "
      + "same account at the exchange, such as a renewed one, say so once with '\(statement)' and "
      + "start again; a key of another account needs an exchange.account, a store.path and an "
      + "intake.directory of its own"
  }

  private func unclear(_ traces: [ModeTrace]) -> String {
    "nothing says for certain which mode \(path) belongs to: it holds \(Self.words(traces))"
      + "\(Self.underWay(traces)). If it is to belong to \(name), say so once with '\(statement)' "
      + "and start again; otherwise give mode \(mode.rawValue) a database of its own by another "
      + "store.path"
  }

  static func words(_ traces: [ModeTrace]) -> String {
    let words = traces.map { trace in
      let orders = count(trace.orders, "order")
      return trace.mode.map { "\(orders) of mode \($0.rawValue)" } ?? "\(orders) of no certain mode"
    }
    return words.joined(separator: ", ")
  }

  private static func underWay(_ traces: [ModeTrace]) -> String {
    let number = traces.reduce(0) { $0 + $1.underWay }
    return number == 0
      ? "" : " (\(count(number, "order")) in it \(number == 1 ? "is" : "are") under way)"
  }

  static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }
}
