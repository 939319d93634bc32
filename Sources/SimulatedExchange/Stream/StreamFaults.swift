import Matching

/// What goes wrong with the streams on purpose, and when.
package struct StreamFaults: Hashable, Sendable {
  /// Which connections.
  package enum Stream: String, CaseIterable, Hashable, Sendable {
    /// Opened without a listen key.
    case market
    /// Opened with one.
    case user
  }

  package enum Fault: Hashable, Sendable {
    /// The upgrade is answered with 503.
    case unavailable
    /// A subscription is refused, whole.
    case refuse
    /// Instead of a push, the connection is reset.
    case drop
    /// Instead of a push, a close frame with code 1001.
    case close
    /// Instead of a push, every listen key dies, and the connections that they opened end.
    case expire
    /// The push is sent so much later, and those behind it not before it.
    case lag(Duration)
    case duplicate
    /// The push is sent behind the next one, or after so long when none follows.
    case reorder(within: Duration)
    /// The push is not sent.
    case lose
    /// Neither the push nor another one is sent for so long; `nil` is for ever. Commands are answered.
    case silent(Duration?)
    /// Instead of the push, a binary frame that is no push.
    case garbage
    /// The book of the push before is pushed again, whatever the market has done.
    case stale
    /// The bid and the ask change places.
    case crossed
    /// The bid, the ask or both are empty or 0.
    case empty
  }

  /// What a rule can apply to.
  package enum Occasion: Hashable, Sendable {
    case upgrade, subscription, push
    /// The push of best prices; also one of the pushes.
    case bookPush
  }

  package struct Rule: Hashable, Sendable {
    /// `nil` is both.
    package let stream: Stream?
    /// Only pushes about this symbol, and subscriptions that name it; `nil` is all of them.
    package let symbol: String?
    package let fault: Fault
    package let trigger: FaultPlan.Trigger
    /// Occasions so far, of all connections.
    fileprivate var seen = 0

    package init(
      stream: Stream?, symbol: String? = nil, fault: Fault, trigger: FaultPlan.Trigger = .always
    ) {
      self.stream = stream
      self.symbol = symbol
      self.fault = fault
      self.trigger = trigger
    }

    fileprivate func concerns(
      _ occasion: Occasion, _ stream: Stream, _ symbols: [String]
    ) -> Bool {
      (self.stream ?? stream) == stream && (symbol.map { symbols.contains($0) } ?? true)
        && (fault.occasion == occasion || (fault.occasion == .push && occasion == .bookPush))
    }
  }

  private var rules: [Rule]

  package init(_ rules: [Rule] = []) {
    self.rules = rules
  }

  /// Counts the occasion and takes the first rule that applies. `symbols` are those that it is about.
  mutating func draw(
    on occasion: Occasion, of stream: Stream, about symbols: [String] = [],
    by fate: inout SplitMix64
  ) -> Fault? {
    var drawn: Fault?
    for index in rules.indices where rules[index].concerns(occasion, stream, symbols) {
      rules[index].seen += 1
      guard rules[index].trigger.applies(to: rules[index].seen, by: &fate) else { continue }
      drawn = drawn ?? rules[index].fault
    }
    return drawn
  }
}

extension StreamFaults.Fault {
  fileprivate var occasion: StreamFaults.Occasion {
    switch self {
    case .unavailable: .upgrade
    case .refuse: .subscription
    case .drop, .close, .expire, .lag, .duplicate, .reorder, .lose, .silent, .garbage: .push
    case .stale, .crossed, .empty: .bookPush
    }
  }

  var name: String {
    switch self {
    case .unavailable: "stream_unavailable"
    case .refuse: "stream_refuse"
    case .drop: "stream_drop"
    case .close: "stream_close"
    case .expire: "stream_expire"
    case .lag: "stream_lag"
    case .duplicate: "stream_duplicate"
    case .reorder: "stream_reorder"
    case .lose: "stream_lose"
    case .silent: "stream_silent"
    case .garbage: "stream_garbage"
    case .stale: "stream_stale"
    case .crossed: "stream_crossed"
    case .empty: "stream_empty"
    }
  }
}
