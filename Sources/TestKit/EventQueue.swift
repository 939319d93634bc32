import Foundation

/// The queue in which the kernel keeps the events of a watched directory until they are read (inotify(7)).
package enum EventQueue {
  /// How many it holds is a setting of the machine.
  private static let limit: Int = {
    let setting = try? String(
      contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8)
    return setting.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) } ?? 16_384
  }()

  /// An even number of events of which it drops some.
  package static let overflow = (limit / 2 + limit / 20 + 1) * 2
  /// False where filling it would take a test too long.
  package static let canBeFilled = limit <= 200_000
}
