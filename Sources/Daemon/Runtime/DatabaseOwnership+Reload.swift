import Configuration
import Platform
import Store

extension DatabaseOwnership {
  /// What to say of a reloaded configuration that a start would refuse.
  static func advice(onReloadFrom old: Configuration, to new: Configuration) -> [LogField] {
    guard old.store.path == new.store.path,
      old.mode != new.mode || old.exchange.account != new.exchange.account
    else { return [] }
    return [
      LogField(
        "advice",
        "the database belongs to \(name(old.mode, old.exchange.account)): once an order of it has "
          + "left, a restart with another mode or exchange.account is refused; set another "
          + "store.path as well, or take the change back")
    ]
  }
}
