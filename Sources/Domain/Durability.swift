/// What a commit outlives.
package enum Durability: Hashable, Sendable {
  /// The end of the process, however it comes, but not that of the machine.
  case written
  /// A power cut, too.
  case synced
}
