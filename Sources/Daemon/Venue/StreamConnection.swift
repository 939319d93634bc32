import Domain
import Execution
import MEXC
import Platform

/// Keeps one connection of a stream: connects again when it is lost, and in good time before the
/// exchange ends it makes the next one and only then lets go of this one.
final class StreamConnection {
  enum Event {
    /// It stands, and what it is for is pushed; also when the next connection took its place.
    case ready
    case pushed(StreamEvent, at: MonotonicTime)
    /// It stood, and is connected again.
    case lost(StreamEnd)
    /// An attempt came to nothing. It is tried again.
    case failed(StreamEnd)
    /// The exchange does not know the key in the target. It waits for another target.
    case keyRefused
  }

  private enum State {
    /// To `connecting` or, when another attempt would come too soon, to `waiting`.
    case off
    /// To `connecting`.
    case waiting(EventLoop.TimerID)
    /// To `open`, `waiting` or `off`.
    case connecting(StreamSession)
    /// To `renewing`, `waiting` or `off`.
    case open(StreamSession)
    /// The second is to take the place of the first. To `open`, `connecting` or `off`.
    case renewing(StreamSession, by: StreamSession)
  }

  private(set) var channels: [StreamChannel]
  private(set) var lastEnd: StreamEnd?
  /// Channels of which the journal says that they are not pushed.
  private var missing: Set<StreamChannel> = []
  private let name: String
  private let fallback: () -> StreamFallback
  private let needed: Set<StreamChannel>
  private let isCoalesced: Bool
  private let line: StreamLine
  private let onEvent: (StreamConnection, Event) -> Void
  private var target = ""
  private var state = State.off { didSet { since = loop.now } }
  private var since: MonotonicTime
  private var readies = 0
  private var readyAt: MonotonicTime?
  private var backOff: BackOff
  private var notBefore: MonotonicTime?
  /// When the next attempt might be made if the last one had not ended with a refusal.
  private var withoutRefusal: MonotonicTime?
  private var renewal: EventLoop.TimerID?

  private var loop: EventLoop { line.loop }
  private var times: StreamTimes { line.times }

  /// `name` is what the journal calls it. It is of use while something is pushed, and all of `needed`.
  /// See `StreamLine.session` for `isCoalesced`.
  init(
    _ name: String, fallback: @escaping () -> StreamFallback, channels: [StreamChannel],
    needed: Set<StreamChannel> = [], isCoalesced: Bool = false, line: StreamLine,
    onEvent: @escaping (StreamConnection, Event) -> Void
  ) {
    self.name = name
    self.fallback = fallback
    self.channels = channels
    self.needed = needed
    self.isCoalesced = isCoalesced
    self.line = line
    self.onEvent = onEvent
    since = line.loop.now
    backOff = BackOff(first: line.times.firstPause, longest: line.times.longestPause)
  }

  deinit { cancelTimers() }

  // MARK: The owner's wishes

  /// Connects there, from now on. `target` may be a secret. What stands is let go once the next one
  /// stands; a pause that is under way is kept.
  func connect(to target: String) {
    self.target = target
    switch state {
    case .off: resume()
    case .waiting: break
    case .connecting(let session):
      session.close()
      open()
    case .open(let session):
      guard let earliest else { return renew(session) }
      scheduleRenewal(at: earliest)
    case .renewing(let session, let successor):
      successor.close()
      renew(session)
    }
  }

  func subscribe(to more: [StreamChannel]) {
    channels += more
    for session in sessions { session.subscribe(to: more) }
    shortenRefusedPause()
  }

  /// That the exchange pushes nothing of what was asked for is no reason to keep further channels waiting.
  private func shortenRefusedPause() {
    guard case .waiting(let timer) = state, lastEnd == .nothingPushed else { return }
    loop.cancel(timer)
    notBefore = withoutRefusal
    resume()
  }

  func unsubscribe(from gone: [StreamChannel]) {
    channels.removeAll { gone.contains($0) }
    missing.subtract(gone)
    for session in sessions { session.unsubscribe(from: gone) }
  }

  func subscribeAgain(to lost: [StreamChannel]) {
    for session in sessions { session.subscribeAgain(to: lost) }
  }

  func askForRefused(_ channels: [StreamChannel]) {
    for session in sessions { session.askForRefused(channels) }
  }

  /// Until there is a target again. The next attempt keeps its distance from the last one.
  func close() {
    for session in sessions { session.close() }
    cancelTimers()
    state = .off
  }

  private var sessions: [StreamSession] {
    switch state {
    case .off, .waiting: []
    case .connecting(let session), .open(let session): [session]
    case .renewing(let session, let successor): [session, successor]
    }
  }

  // MARK: Attempts

  private func resume() {
    guard let earliest else { return open() }
    state = .waiting(loop.schedule(at: earliest) { [weak self] in self?.resume() })
  }

  /// The next attempt may be made; `nil` when it may be made now.
  private var earliest: MonotonicTime? {
    [notBefore, line.notBefore].compactMap(\.self).filter { $0 > loop.now }.max()
  }

  private func open() {
    let session = makeSession()
    state = .connecting(session)
    session.start()
  }

  private func renew(_ session: StreamSession) {
    cancelRenewal()
    let successor = makeSession()
    state = .renewing(session, by: successor)
    successor.start()
  }

  private func makeSession() -> StreamSession {
    line.session(to: target, channels: channels, isCoalesced: isCoalesced) {
      [weak self] session, event in
      self?.take(event, of: session)
    }
  }

  // MARK: What comes

  private func take(_ event: StreamSession.Event, of session: StreamSession) {
    switch event {
    case .pushed(let push, let time): onEvent(self, .pushed(push, at: time))
    case .unreadable(let text):
      line.journal.strange(
        "\(name) says something that is not understood; nothing is concluded from it", reason: text)
    case .granted(let channels):
      if case .renewing(_, by: let successor) = state, successor === session { return }
      pushes(channels)
    case .refused(let channel, let words):
      missing.insert(channel)
      line.journal.trouble(
        "\(name): the exchange does not push \(channel.text)", reason: words,
        advice: channel.advice)
    case .ready: becameReady(session)
    case .ended(let end): ended(session, end)
    }
  }

  private func becameReady(_ session: StreamSession) {
    guard !session.accepted.isEmpty, session.refused.isDisjoint(with: needed) else {
      session.close()
      return ended(session, .nothingPushed)
    }
    if case .renewing(let former, let successor) = state, successor === session { former.close() }
    pushes(Array(session.accepted))
    readies += 1
    readyAt = loop.now
    lastEnd = nil
    state = .open(session)
    let next = loop.now.advanced(by: line.jitter.duration(in: times.renewal))
    scheduleRenewal(at: next)
    onEvent(self, .ready)
  }

  private func pushes(_ channels: [StreamChannel]) {
    for channel in channels where missing.remove(channel) != nil {
      line.journal.tell(.info, "\(name): the exchange pushes \(channel.text) after all")
    }
  }

  private func ended(_ session: StreamSession, _ end: StreamEnd) {
    lastEnd = end
    switch state {
    case .renewing(let former, let successor) where successor === session:
      successorEnded(former, end)
    case .renewing(_, let successor):
      // It is on its way already.
      cancelRenewal()
      state = .connecting(successor)
      lost(end)
    case .open:
      again(after: end)
      lost(end)
    case .connecting:
      again(after: end)
      let fallback = fallback()
      tell("\(name) cannot be connected; \(fallback.words)", end, fallback.level)
      onEvent(self, end == .keyInvalid ? .keyRefused : .failed(end))
    case .off, .waiting: break
    }
  }

  private func lost(_ end: StreamEnd) {
    onEvent(self, end == .keyInvalid ? .keyRefused : .lost(end))
  }

  private func tell(_ message: String, _ end: StreamEnd, _ level: LogEntry.Level = .notice) {
    line.journal.trouble(message, reason: end.text, advice: end.advice, level: level)
  }

  /// What stands is still of use.
  private func successorEnded(_ former: StreamSession, _ end: StreamEnd) {
    state = .open(former)
    let stated = line.obey(end)
    notBefore = loop.now.advanced(by: max(ordinaryPause(), stated))
    let interval = line.jitter.duration(in: times.refusedPause)
    scheduleRenewal(at: loop.now.advanced(by: max(interval, stated)))
    tell("\(name): the connection that should follow cannot be made; it is tried again", end)
    if end == .keyInvalid { onEvent(self, .keyRefused) }
  }

  // MARK: Pauses

  private func again(after end: StreamEnd) {
    cancelRenewal()
    let next = loop.now.advanced(by: pause(after: end))
    notBefore = max(notBefore ?? next, next)
    // Until there is another target.
    if end == .keyInvalid { close() } else { resume() }
  }

  private func pause(after end: StreamEnd) -> Duration {
    if let readyAt, loop.now.since(readyAt) >= times.longestPause { backOff.reset() }
    readyAt = nil
    let pause = ordinaryPause()
    withoutRefusal = loop.now.advanced(by: pause)
    return max(
      end.isRefusal ? line.jitter.duration(in: times.refusedPause) : pause, line.obey(end))
  }

  private func ordinaryPause() -> Duration {
    min(line.jitter.around(backOff.next()), times.longestPause)
  }

  private func scheduleRenewal(at time: MonotonicTime) {
    cancelRenewal()
    renewal = loop.schedule(at: time) { [weak self] in
      guard let self, case .open(let session) = state else { return }
      if let earliest { scheduleRenewal(at: earliest) } else { renew(session) }
    }
  }

  private func cancelRenewal() {
    if let renewal { loop.cancel(renewal) }
    renewal = nil
  }

  private func cancelTimers() {
    cancelRenewal()
    if case .waiting(let timer) = state { loop.cancel(timer) }
  }
}

extension StreamConnection {
  /// What `status` says of it.
  func status(_ name: String, at now: Moment) -> StreamStatus {
    let session = sessions.first
    let state: StreamStatus.State =
      switch state {
      case .off: .off
      case .waiting: .waiting
      case .connecting: .connecting
      case .open, .renewing: .open
      }
    return StreamStatus(
      name: name, state: state, since: now.advanced(by: since.since(now.monotonic)).wall,
      subscriptions: session?.accepted.count ?? 0, refused: session?.refused.count ?? 0,
      reconnects: max(0, readies - 1),
      lastMessageAge: session?.heardAt.map { now.monotonic.since($0) }, lastError: lastEnd?.text)
  }

  /// The channels that are pushed now.
  var accepted: Set<StreamChannel> { sessions.first?.accepted ?? [] }

  /// The channels that the exchange does not push.
  var refused: Set<StreamChannel> { sessions.first?.refused ?? [] }
}

extension StreamChannel {
  /// What a person can look at when the exchange refuses it.
  fileprivate var advice: String {
    switch self {
    case .bookTicker: "check risk.symbols; it is asked for again after a pause"
    case .privateOrders, .privateDeals, .privateAccount:
      "check the permissions of the API key; it is asked for again with the next connection"
    }
  }
}
