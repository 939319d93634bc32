import Domain

/// Requests of one kind that the firewall refuses. Where it lets others pass meanwhile it refuses the kind,
/// and not the machine: the kind is asked for rarely then, as each refusal keeps every request back for a
/// minute.
struct FirewallBlocks: Sendable {
  private static let pause: Duration = .seconds(600)

  /// So many mean that the firewall refuses the kind.
  private let enough: Int
  private var count = 0
  private var countedAt: MonotonicTime?
  /// The kind is not asked for before; `nil` while it is not known to be refused.
  private(set) var until: MonotonicTime?

  init(enough: Int) { self.enough = enough }

  var areOfKind: Bool { count >= enough }
  var isEmpty: Bool { count == 0 }

  /// One more. That the exchange's clock was read since the one before shows that not every request is
  /// refused.
  mutating func add(clockReadAt: MonotonicTime?, at now: MonotonicTime) {
    if !areOfKind {
      if let countedAt {
        guard let clockReadAt, clockReadAt > countedAt else { return }
      }
      count += 1
      countedAt = now
    }
    if areOfKind { until = now.advanced(by: Self.pause) }
  }

  /// The firewall let one pass.
  mutating func end() { self = FirewallBlocks(enough: enough) }
}
