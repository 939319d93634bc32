/// What a commit outlives; the later case outlives more.
package enum Durability: Int, Comparable, Sendable {
  /// The end of the process, however it comes, but not that of the machine.
  case written
  /// A power cut, as far as signals were accepted: they are read again, and looked for at the exchange.
  case recorded
  /// A power cut, as it is.
  case synced

  package static func < (left: Durability, right: Durability) -> Bool {
    left.rawValue < right.rawValue
  }
}
