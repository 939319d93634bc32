package import Domain

/// Everything that can happen to the engine.
package enum Input: Sendable {
  /// A signal was read and comes soon: the price that it will want is asked for meanwhile.
  case expected(Signal)
  /// `known` is what the store already has under the signal's id.
  case signal(SignalArrival, known: KnownSignal?)
  /// What the exchange, or the way to it, answered to a request of ours.
  case answer(RequestID, ExchangeAnswer)
  /// A price that the exchange sent by itself.
  case price(Symbol, MarketPrice)
  /// The exchange sent a book that has no price: it is empty, or crossed.
  case noPrice(Symbol)
  /// What the exchange says of an order by itself: the same as the answer to a look at it.
  case execution(OrderReport)
  case accountStream(AccountStreamEvent)
  /// This source says that it is there.
  case heartbeat(String)
  /// Requests are signed with another API key from now on.
  case keyChanged
  /// Time has passed; also the first input, which starts the requests of the start gate.
  case tick
  case command(OperatorCommand, CommandToken)
  case reconfigure(EngineConfiguration)
  /// The daemon is about to end: nothing new leaves.
  case stop
}

/// A well-formed signal, as it came in.
package struct SignalArrival: Sendable {
  package var signal: Signal
  package var canonicalText: String
  package var raw: [UInt8]
  package var contentDigest: [UInt8]
  package var clientOrderID: ClientOrderID
  package var origin: SignalOrigin
  /// When a file was last changed, or a line was read: what a life that states no beginning counts
  /// from.
  package var arrivedAt: WallTime
  package var receipt: Receipt
  /// When an earlier run read it, where the database has lost what became of it.
  package var firstReadAt: WallTime?

  package init(
    signal: Signal, canonicalText: String, raw: [UInt8], contentDigest: [UInt8],
    clientOrderID: ClientOrderID, origin: SignalOrigin, arrivedAt: WallTime, receipt: Receipt,
    firstReadAt: WallTime? = nil
  ) {
    self.signal = signal
    self.canonicalText = canonicalText
    self.raw = raw
    self.contentDigest = contentDigest
    self.clientOrderID = clientOrderID
    self.origin = origin
    self.arrivedAt = arrivedAt
    self.receipt = receipt
    self.firstReadAt = firstReadAt
  }
}

/// A signal that was taken before.
package struct KnownSignal: Sendable {
  package let contentDigest: [UInt8]
  package let clientOrderID: ClientOrderID
  /// The status of its order, or the code with which it was refused.
  package let state: String
  /// Why it was refused, as far as it is still known; `nil` when it was not.
  package let refusal: String?

  package init(record: SignalRecord, status: OrderStatus?) {
    contentDigest = record.contentDigest
    clientOrderID = record.clientOrderID
    let isRefused = status?.isRefusal ?? true
    state = Self.state(status, record.decision)
    refusal = isRefused ? record.message : nil
  }

  /// The code of a refusal, where that is not the word of a status as well that refuses nothing.
  private static func state(_ status: OrderStatus?, _ code: DecisionCode) -> String {
    guard let status else { return code.rawValue }
    let isTold = status.isRefusal && OrderStatus.isRefusal(state: code.rawValue)
    return isTold ? code.rawValue : status.rawValue
  }

  /// One whose history was removed counts as ever.
  package init(_ signal: CompactedSignal) {
    contentDigest = signal.contentDigest
    clientOrderID = signal.clientOrderID
    let isRefused = signal.status?.isRefusal ?? true
    state = Self.state(signal.status, signal.code ?? signal.decision)
    refusal = isRefused ? "" : nil
  }
}

/// Names the one who waits for the answer to a signal.
package struct Receipt: Hashable, Sendable {
  package let number: Int

  package init(number: Int) {
    self.number = number
  }
}

/// Names a request so that its answer finds back.
package struct RequestID: Hashable, Sendable {
  package let number: Int

  package init(number: Int) {
    self.number = number
  }
}

/// Names the one who waits for the answer to a command.
package struct CommandToken: Hashable, Sendable {
  package let number: Int

  package init(number: Int) {
    self.number = number
  }
}
