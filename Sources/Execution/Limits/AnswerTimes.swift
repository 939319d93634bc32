import Domain

/// When the exchange itself answered, whatever it was asked: what stays unanswered meanwhile is not kept
/// from it by the way there.
struct AnswerTimes: Sendable {
  private var last: MonotonicTime?
  /// When the request was sent whose answer, or lack of one, is being taken.
  private(set) var sentAt: MonotonicTime?
  /// Whether that request may have arrived, and got no answer.
  private(set) var isUnanswered = false

  /// What stays out for so long has most probably run into its time limit.
  private static let hang: Duration = .seconds(5)
  /// The exchange's clock is read once a minute, so that after longer the way to it may have failed.
  private static let longestSilence: Duration = .seconds(90)

  mutating func take(_ answer: ExchangeAnswer, sentAt: MonotonicTime, at now: MonotonicTime) {
    self.sentAt = sentAt
    isUnanswered = false
    guard case .failed(let failure) = answer else {
      last = now
      return
    }
    switch failure {
    case .noAnswer: isUnanswered = true
    case .refused: last = now
    // What stands before the exchange may have said it.
    case .unreadable, .throttled, .blocked, .notSent: break
    }
  }

  /// Whether the request whose answer is being taken was out for long, and got none.
  func isHang(at now: MonotonicTime) -> Bool {
    guard let sentAt, isUnanswered else { return false }
    return now.since(sentAt) >= Self.hang
  }

  /// Whether it answered something since then, and not long ago.
  func isReached(since start: MonotonicTime, at now: MonotonicTime) -> Bool {
    last.map { $0 > start && now.since($0) <= Self.longestSilence } ?? false
  }
}

extension ExchangeAnswer {
  /// Whether the exchange said something.
  var isAnswer: Bool {
    if case .failed(let failure) = self { failure.isAnswer } else { true }
  }
}
