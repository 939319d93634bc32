import Domain

/// Requests that wait for a connection: first come, first served; placements before urgent requests, these
/// before all others.
struct RequestQueue {
  struct Waiting {
    let request: [UInt8]
    let kind: HTTPClient.Kind
    let completion: HTTPClient.Completion
    let due: MonotonicTime
    /// The first connection attempt that counts as this request's own.
    let firstAttempt: Int
    /// Set once an attempt of its own has failed; it then only waits for connections that others use.
    var failure: TransportError?
  }

  private var once: [Waiting] = []
  private var urgent: [Waiting] = []
  private var ordinary: [Waiting] = []

  var count: Int { once.count + urgent.count + ordinary.count }

  var isEmpty: Bool { once.isEmpty && urgent.isEmpty && ordinary.isEmpty }

  func count(of kind: HTTPClient.Kind) -> Int {
    switch kind {
    case .once: once.count
    case .urgent: urgent.count
    case .ordinary, .proof: ordinary.count
    }
  }

  /// Requests that no attempt has failed yet.
  var untried: Int { untriedUrgent + ordinary.count { $0.failure == nil } }

  /// Those that go ahead of ordinary ones.
  var untriedUrgent: Int { untriedPlacements + urgent.count { $0.failure == nil } }

  var untriedPlacements: Int { once.count { $0.failure == nil } }

  var nextDue: MonotonicTime? {
    let ahead = MonotonicTime.earlier(
      once.lazy.map(\.due).min(), urgent.lazy.map(\.due).min())
    return MonotonicTime.earlier(ahead, ordinary.lazy.map(\.due).min())
  }

  mutating func append(_ waiting: Waiting) {
    switch waiting.kind {
    case .once: once.append(waiting)
    case .urgent: urgent.append(waiting)
    case .ordinary, .proof: ordinary.append(waiting)
    }
  }

  /// Takes the request off the queue: from here on it is its holder's to send or to put back.
  mutating func takeFirst(_ kind: HTTPClient.Kind) -> Waiting? {
    guard count(of: kind) > 0 else { return nil }
    switch kind {
    case .once: return once.removeFirst()
    case .urgent: return urgent.removeFirst()
    case .ordinary, .proof: return ordinary.removeFirst()
    }
  }

  mutating func putBack(_ waiting: Waiting) {
    switch waiting.kind {
    case .once: once.insert(waiting, at: 0)
    case .urgent: urgent.insert(waiting, at: 0)
    case .ordinary, .proof: ordinary.insert(waiting, at: 0)
    }
  }

  mutating func takeDue(at now: MonotonicTime) -> [Waiting] {
    guard let nextDue, nextDue <= now else { return [] }
    return take { $0.due <= now }
  }

  mutating func take(where condition: (Waiting) -> Bool) -> [Waiting] {
    let taken = once.filter(condition) + urgent.filter(condition) + ordinary.filter(condition)
    guard !taken.isEmpty else { return [] }
    once.removeAll(where: condition)
    urgent.removeAll(where: condition)
    ordinary.removeAll(where: condition)
    return taken
  }

  /// Attempt `number` came to nothing: the requests that it was made for have had theirs.
  mutating func attemptFailed(_ number: Int, _ error: TransportError) {
    for index in once.indices where once[index].firstAttempt <= number {
      once[index].failure = error
    }
    for index in urgent.indices where urgent[index].firstAttempt <= number {
      urgent[index].failure = error
    }
    for index in ordinary.indices where ordinary[index].firstAttempt <= number {
      ordinary[index].failure = error
    }
  }
}
