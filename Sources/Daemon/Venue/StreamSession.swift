import Domain
import MEXC
import Platform
import Transport

/// One WebSocket of a stream, from its first packet to its end: it asks for the channels, says the
/// pings, and tells what comes.
final class StreamSession {
  enum Event {
    /// Connected, and the exchange has answered everything that it was asked for at first.
    case ready
    /// They are pushed from now on.
    case granted([StreamChannel])
    /// With the exchange's words; a channel that is asked for again and refused again is not told again.
    case refused(StreamChannel, String)
    /// It must be taken to have happened then.
    case pushed(StreamEvent, at: MonotonicTime)
    /// A text that nothing is concluded from.
    case unreadable(String)
    /// Comes once, and nothing after it.
    case ended(StreamEnd)
  }

  private(set) var accepted: Set<StreamChannel> = []
  private(set) var refused: Set<StreamChannel> = []
  /// Since when books are to be pushed and none was.
  private var silentSince: MonotonicTime?
  /// When anything was last received.
  private(set) var heardAt: MonotonicTime?

  private let loop: EventLoop
  private let client: WebSocketClient
  private let times: StreamTimes
  private let jitter: Jitter
  private var onEvent: ((StreamSession, Event) -> Void)?
  private var channels: [StreamChannel]
  /// The oldest first, each with the time at which its answer is too late.
  private var unanswered: [(command: StreamCommand, due: MonotonicTime)] = []
  private var nextID = 1
  private var isReady = false
  private var delay = PushDelay()
  /// Of the last push.
  private var lastArrival: MonotonicTime?
  private var pingTimer: EventLoop.TimerID?
  private var answerTimer: EventLoop.TimerID?

  init(
    loop: EventLoop, client: WebSocketClient, channels: [StreamChannel], times: StreamTimes,
    jitter: Jitter, onEvent: @escaping (StreamSession, Event) -> Void
  ) {
    self.loop = loop
    self.client = client
    self.channels = channels
    self.times = times
    self.jitter = jitter
    self.onEvent = onEvent
  }

  deinit { cancelTimers() }

  func start() {
    client.onEvent = { [weak self] event in self?.heard(event) }
    client.start()
  }

  /// Nothing is told any more.
  func close() {
    onEvent = nil
    cancelTimers()
    client.onEvent = nil
    client.close()
  }

  // MARK: Asking

  func subscribe(to more: [StreamChannel]) {
    channels += more
    if client.isOpen { ask(more) }
  }

  func unsubscribe(from gone: [StreamChannel]) {
    channels.removeAll { gone.contains($0) }
    let known = gone.filter { accepted.remove($0) != nil }
    refused.subtract(gone)
    if client.isOpen { say(StreamCommand.unsubscribing(from: known, firstID: nextID)) }
  }

  /// The exchange seems to have forgotten them.
  func subscribeAgain(to lost: [StreamChannel]) {
    guard client.isOpen else { return }
    accepted.subtract(lost)
    say(StreamCommand.unsubscribing(from: lost, firstID: nextID))
    ask(lost)
  }

  /// The exchange may push them by now.
  func askForRefused(_ channels: [StreamChannel]) {
    if client.isOpen { ask(channels.filter(refused.contains)) }
  }

  private func ask(_ channels: [StreamChannel]) {
    say(StreamCommand.subscribing(to: channels, firstID: nextID))
  }

  private func say(_ commands: [StreamCommand]) {
    nextID += commands.count
    for command in commands { client.send(text: command.text) }
    let due = loop.now.advanced(by: times.answerMaximum)
    unanswered += commands.map { ($0, due) }
    awaitAnswers()
  }

  /// An exchange that does not answer pushes nothing that can be relied on. What is asked later gives it
  /// no more time.
  private func awaitAnswers() {
    if let answerTimer { loop.cancel(answerTimer) }
    answerTimer = unanswered.first.map { oldest in
      loop.schedule(at: oldest.due) { [weak self] in self?.end(.unanswered) }
    }
  }

  private func keepAlive() {
    let next = loop.now.advanced(by: jitter.duration(in: times.ping))
    pingTimer = loop.schedule(at: next) { [weak self] in
      guard let self else { return }
      if isSilent { return end(.silent) }
      client.send(text: StreamCommand.ping.text)
      keepAlive()
    }
  }

  private var isSilent: Bool {
    guard let silentSince, accepted.contains(where: \.isRepeated) else { return false }
    return loop.now.since(silentSince) >= times.silenceMaximum
  }

  // MARK: Hearing

  private func heard(_ event: WebSocketEvent) {
    switch event {
    case .opened:
      keepAlive()
      ask(channels)
    case .text(let text):
      heardAt = loop.now
      take(StreamReply(Array(text.utf8), hiding: client.echo))
    case .binary(let frame):
      heardAt = loop.now
      let push = StreamEvent(frame, hiding: client.echo)
      if case .unreadable = push {} else { silentSince = loop.now }
      onEvent?(self, .pushed(push, at: time(of: push)))
    case .closed(let reason): end(.closed(reason))
    }
  }

  /// It may have waited on the way, or here unseen; but none arrived before the one that was read before
  /// it.
  private func time(of push: StreamEvent) -> MonotonicTime {
    let now = loop.now
    let here = loop.unseenSince ?? now
    let arrival = max(here, lastArrival ?? here)
    lastArrival = arrival
    guard case .topOfBook(_, let book) = push, let sentAt = book.sentAt else { return arrival }
    return min(arrival, now.advanced(by: .zero - delay.delay(sentAt: sentAt, receivedAt: now)))
  }

  private func take(_ reply: StreamReply) {
    switch reply {
    case .pong: break
    case .listenKeyInvalid where channels.contains(where: \.needsKey): end(.keyInvalid)
    case .listenKeyInvalid:
      onEvent?(self, .unreadable("an invalid listen key, where none was given"))
    case .unreadable(let text): onEvent?(self, .unreadable(text))
    case .acknowledgement: takeVerdict(reply)
    }
  }

  private func takeVerdict(_ reply: StreamReply) {
    // One that answers nothing gives the others no more time.
    guard let place = unanswered.firstIndex(where: { $0.command.verdict(of: reply) != nil }),
      let verdict = unanswered[place].command.verdict(of: reply)
    else { return }
    if case .subscribe(let asked, _) = unanswered.remove(at: place).command {
      judge(asked, verdict)
    }
    awaitAnswers()
    guard unanswered.isEmpty, !isReady else { return }
    isReady = true
    onEvent?(self, .ready)
  }

  private func judge(_ asked: [StreamChannel], _ verdict: StreamCommand.Verdict) {
    let wanted = asked.filter { channels.contains($0) }
    switch verdict {
    case .accepted:
      if accepted.isEmpty { silentSince = loop.now }
      accepted.formUnion(wanted)
      refused.subtract(wanted)
      onEvent?(self, .granted(wanted))
      let unwanted = asked.filter { !channels.contains($0) }
      say(StreamCommand.unsubscribing(from: unwanted, firstID: nextID))
    // Which of them are meant is not told in a form that can be relied on.
    case .refused where asked.count > 1: for channel in wanted { ask([channel]) }
    case .refused(let words):
      for channel in wanted {
        let isNews = refused.insert(channel).inserted
        if isNews { onEvent?(self, .refused(channel, words)) }
      }
    }
  }

  // MARK: The end

  private func end(_ reason: StreamEnd) {
    guard let onEvent else { return }
    close()
    onEvent(self, .ended(reason))
  }

  private func cancelTimers() {
    for timer in [pingTimer, answerTimer] { if let timer { loop.cancel(timer) } }
    (pingTimer, answerTimer) = (nil, nil)
  }
}

/// Why a connection of a stream is over, or never came to be.
enum StreamEnd: Hashable {
  case closed(WebSocketEnd)
  /// A command was not answered.
  case unanswered
  /// The exchange knows no such listen key.
  case keyInvalid
  /// The exchange pushes nothing of what the connection is for.
  case nothingPushed
  /// It does not push what it has granted.
  case silent

  /// How long the exchange wants no further try (RFC 9110 §10.2.3).
  func statedWait(at now: WallTime) -> Duration {
    guard case .closed(.refused(.status(_, _, let waits, let dates))) = self else { return .zero }
    return RetryAfter.wait(stated: waits, sent: dates, now: now) ?? .zero
  }

  /// Whether another try would soon end in the same way.
  var isRefusal: Bool {
    switch self {
    // A status of 500 and above is of the moment (RFC 9110 §15.6).
    case .closed(.refused(.status(let status, _, _, _))): status < 500
    case .closed(.refused), .nothingPushed: true
    case .closed, .unanswered, .keyInvalid, .silent: false
    }
  }

  var text: String {
    switch self {
    case .closed(let end): end.description
    case .unanswered: "the exchange does not answer what it is asked on the stream"
    case .keyInvalid: "the exchange does not know the listen key"
    case .nothingPushed: "the exchange does not push what the connection is for"
    case .silent: "no book was pushed for a minute, though the exchange had granted it"
    }
  }

  var advice: String {
    switch self {
    case .closed(.notConnected(let error)): error.advice(about: "exchange.stream_url")
    case .closed(.refused):
      "check exchange.stream_url, and whether the exchange serves this machine; it is tried again"
    case .closed, .unanswered, .silent: "nothing at first: it is connected again"
    case .keyInvalid: "nothing at first: another key is asked for"
    case .nothingPushed: "the journal says what it refused; it is tried again"
    }
  }
}
