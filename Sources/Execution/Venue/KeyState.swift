import Domain

/// What the venue tells of the API key, and whether live orders may leave with it. A key that may
/// withdraw is refused unless the configuration allows it. What the venue does not tell refuses
/// nothing, and is said.
struct KeyState: Sendable {
  /// As last told.
  private(set) var information: KeyInformation?
  private var readAt: MonotonicTime?
  /// Why the exchange takes the key no more, though it told of it before.
  private var rejection: Need.Failure?
  private(set) var need: Need
  /// The present key was asked about, with whatever result.
  private var isAnswered = false
  private let refresh: Duration?
  private let isLive: Bool

  /// A key that cannot be judged stops nothing, so asking again is in no hurry.
  private static let longestPause: Duration = .seconds(600)

  init(_ traits: VenueTraits, _ mode: TradingMode, at now: MonotonicTime) {
    refresh = mode == .paper ? nil : traits.keyInformationRefresh
    isLive = mode == .live
    need = Need(due: now, longestPause: Self.longestPause)
  }

  /// Whether live orders may leave as far as asking goes: the venue has said something about the key,
  /// or that it does not.
  var isJudged: Bool { !isLive || refresh == nil || isAnswered }

  /// What is known of the key by now. How long it lasts is not, once the exchange takes it no more, or
  /// a second reading in a row is missing.
  func known(at now: MonotonicTime) -> KeyInformation? {
    let isFresh = readAt.map { now.since($0) <= (refresh ?? .zero) * 2 } ?? false
    var known = information
    if rejection != nil || !isFresh { known?.validity = nil }
    return known
  }

  /// Why no order may leave with the key; `nil` when it may.
  func refusal(_ configuration: EngineConfiguration) -> String? {
    guard isLive, !configuration.allowsWithdrawKeys, information?.mayWithdraw == true else {
      return nil
    }
    return "the API key may withdraw, and live mode trades with no such key"
  }

  /// Throws: a denial while no order may leave with the key.
  func check(_ configuration: EngineConfiguration) throws(Denial) {
    guard let refusal = refusal(configuration) else { return }
    throw Denial(.halted, "\(refusal); \(Self.wayOutOfRefusal)")
  }

  // MARK: Asking

  mutating func drive(_ scheduler: inout RequestScheduler, _ reaction: inout Reaction) {
    guard refresh != nil, need.isDue(&reaction) else { return }
    need.asked()
    scheduler.add(.keyInformation, for: .keyInformation)
  }

  /// Requests are signed with another key from now on: nothing is known of it.
  mutating func keyChanged(at now: MonotonicTime) {
    information = nil
    rejection = nil
    isAnswered = false
    need.outdate(at: now)
  }

  mutating func take(
    _ answer: Result<KeyInformation, ExchangeFailure>, _ configuration: EngineConfiguration,
    clockReadAt: MonotonicTime?, _ reaction: inout Reaction
  ) {
    let now = reaction.now.monotonic
    if need.isAnswerOutdated(at: now) { return }
    let isFirst = !isAnswered
    isAnswered = true
    switch answer {
    case .success(let new):
      let isNews = information != new || rejection != nil
      information = new
      readAt = now
      rejection = nil
      need.met(refreshAt: now.advanced(by: refresh ?? .zero))
      if isNews { tell(configuration, &reaction) }
      if isFirst, new.rights == nil { Self.tellUnknown("it lists no permissions", &reaction) }
    case .failure(let failure):
      let told = Need.Failure(failure)
      need.failed(told, clockReadAt: clockReadAt, at: now)
      if information != nil {
        reject(told, &reaction)
      } else if need.isNews(told.reason, at: now) {
        Self.tellUnknown(told.reason, &reaction)
      }
    }
  }

  private mutating func reject(_ failure: Need.Failure, _ reaction: inout Reaction) {
    guard failure.isOfKey, failure != rejection else { return }
    rejection = failure
    reaction.log(.error, Self.rejected(failure), [("advice", failure.advice)])
  }

  // MARK: Words

  private static let wayOutOfRefusal =
    "make a key without the right to withdraw on the exchange's website, put it in place and reload; "
    + "or write credentials.allow_withdraw_keys: true"
  private static let renewal =
    "renew the key on the exchange's website (MEXC allows it from 5 days before its end), or make "
    + "one that is bound to this machine's address, which does not expire"

  private static func rejected(_ failure: Need.Failure) -> String {
    "the exchange answers for the API key no more (\(failure.reason))"
  }

  private func tell(_ configuration: EngineConfiguration, _ reaction: inout Reaction) {
    if let refusal = refusal(configuration) {
      reaction.log(
        .error, "no order leaves: \(refusal)", [("advice", Self.wayOutOfRefusal)])
    } else if information?.mayWithdraw == true {
      reaction.log(
        .warning, "the API key may withdraw",
        [("advice", "a key without that right does the same work")])
    }
    for flaw in flaws { reaction.log(.warning, flaw.message, [("advice", flaw.advice)]) }
    guard flaws.isEmpty, let information else { return }
    reaction.log(
      .info, "the exchange tells of the API key",
      [("days_left", Self.words(information.validity)), ("may", Self.words(information.rights))])
  }

  private static func tellUnknown(_ reason: String, _ reaction: inout Reaction) {
    reaction.log(
      .warning,
      "whether the API key may withdraw, and when it expires, is not known; going on without",
      [
        ("reason", reason),
        ("advice", "look at the key's permissions and its end on the exchange's website"),
      ])
  }

  private static func words(_ validity: KeyInformation.Validity?) -> String {
    switch validity {
    case .permanent: "unlimited"
    case .days(let days): String(days)
    case nil: "unknown"
    }
  }

  private static func words(_ rights: Set<KeyInformation.Right>?) -> String {
    rights.map { rights in
      KeyInformation.Right.allCases.filter(rights.contains).map(\.rawValue).joined(separator: ",")
    } ?? "unknown"
  }

  /// What is wrong with the key and stops nothing by itself.
  private var flaws: [(message: String, advice: String)] {
    var flaws: [(message: String, advice: String)] = []
    if let rejection { flaws.append((Self.rejected(rejection), rejection.advice)) }
    if case .unusable(let word)? = information?.standing {
      flaws.append(
        (
          "the exchange calls the API key \(word.prefix(scalars: 40))",
          "look at the key on the exchange's website, and make another one"
        ))
    }
    switch information?.daysLeft {
    case 0?: flaws.append(("the API key has expired, or does today", Self.renewal))
    case let days? where days < KeyInformation.warningDays:
      flaws.append(
        ("the API key expires in \(days) day\(days == 1 ? "" : "s")", Self.renewal))
    case .some, nil: break
    }
    return flaws
  }

  func troubles(_ configuration: EngineConfiguration) -> [Trouble] {
    let refused = refusal(configuration).map { refusal in
      Trouble(
        subject: .daemon, message: "no order leaves: \(refusal)", advice: Self.wayOutOfRefusal)
    }
    return [refused].compactMap(\.self)
      + flaws.map { Trouble(subject: .daemon, message: $0.message, advice: $0.advice) }
  }
}
