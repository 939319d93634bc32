import Domain

/// Every order that is not at its end: by name, and in the order of acceptance by what it waits for,
/// so that a turn looks only at those that it may concern.
struct LiveOrders: Sendable {
  enum Stage: Hashable, Sendable {
    /// Nothing of it has left.
    case waiting
    /// On the wire, or looked for because its answer proved nothing.
    case sought
    /// Not found, and watched.
    case missing
    /// The exchange works on it.
    case working
    case ended
  }

  private struct Place: Sendable {
    var number: Int
    var key: OrderKey
  }

  private var byKey: [OrderKey: LiveOrder] = [:]
  private var places: [Stage: [Place]] = [:]

  var count: Int { byKey.count }

  func count(_ stage: Stage) -> Int { places[stage]?.count ?? 0 }

  /// Oldest first.
  func keys(_ stage: Stage) -> [OrderKey] {
    places[stage]?.map(\.key) ?? []
  }

  /// Oldest first.
  var all: [LiveOrder] { byKey.values.sorted { $0.number < $1.number } }

  subscript(key: OrderKey) -> LiveOrder? {
    get { byKey[key] }
    _modify {
      let former = byKey[key].map { (number: $0.number, stage: $0.order.status.stage) }
      yield &byKey[key]
      let next = byKey[key].map { (number: $0.number, stage: $0.order.status.stage) }
      if former?.stage != next?.stage {
        if let former { remove(former.number, from: former.stage) }
        if let next { insert(Place(number: next.number, key: key), into: next.stage) }
      }
    }
  }

  private mutating func insert(_ place: Place, into stage: Stage) {
    places[stage, default: []].insert(place, at: index(of: place.number, in: stage))
  }

  private mutating func remove(_ number: Int, from stage: Stage) {
    let index = index(of: number, in: stage)
    places[stage]?.remove(at: index)
  }

  /// Where `number` stands, or belongs.
  private func index(of number: Int, in stage: Stage) -> Int {
    guard let places = places[stage] else { return 0 }
    var low = 0
    var high = places.count
    while low < high {
      let middle = (low + high) / 2
      if places[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension OrderStatus {
  fileprivate var stage: LiveOrders.Stage {
    switch self {
    case .new: .waiting
    case .submitted, .unknown: .sought
    case .notFound: .missing
    case .open, .partiallyFilled: .working
    case .filled, .canceled, .partiallyCanceled, .rejected, .expired, .denied, .validated: .ended
    }
  }
}
