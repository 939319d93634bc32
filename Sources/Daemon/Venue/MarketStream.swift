import Domain
import Execution
import MEXC
import Platform
import Transport

/// The best prices of the symbols that are wanted, pushed: as many connections as it takes.
final class MarketStream {
  private struct Place {
    let connection: StreamConnection
    /// The last time that something of it was pushed, or asked for.
    var heardAt: MonotonicTime
    /// Since when nobody wants it.
    var unwantedSince: MonotonicTime?
    var refusal: Refusal?
  }

  /// The exchange does not push the symbol.
  private struct Refusal {
    private var backOff: BackOff
    private var askAgainAt: MonotonicTime

    init(at now: MonotonicTime, _ times: StreamTimes) {
      var backOff = BackOff(
        first: times.firstRefusedSymbolPause, longest: times.longestRefusedSymbolPause)
      askAgainAt = now.advanced(by: backOff.next())
      self.backOff = backOff
    }

    /// Whether it is time to ask again; then the next pause begins.
    mutating func isDue(at now: MonotonicTime) -> Bool {
      guard askAgainAt <= now else { return false }
      askAgainAt = now.advanced(by: backOff.next())
      return true
    }
  }

  private let venue: VenueName
  private let line: StreamLine
  private let interval: StreamChannel.Interval
  /// Prices that are not pushed are not looked up.
  private let source: () -> PriceSource
  private let now: () -> Moment
  private let onInput: (Input) -> Void
  private var wanted: Set<Symbol> = []
  private var connections: [StreamConnection] = []
  private var places: [Symbol: Place] = [:]
  private var sweep: EventLoop.TimerID?
  private var listening: EventLoop.TimerID?

  /// So many pushes may lie unread while nobody waits for a price: they are read before the next signal is
  /// judged, while that is being written to the disk.
  private static let unreadPushes = 8
  /// An account trades no more symbols than these hold; prices of further ones are looked up.
  private static let connectionsMaximum = 10

  init(
    of venue: VenueName, line: StreamLine, interval: StreamChannel.Interval,
    source: @escaping () -> PriceSource, now: @escaping () -> Moment,
    onInput: @escaping (Input) -> Void
  ) {
    self.venue = venue
    self.line = line
    self.interval = interval
    self.source = source
    self.now = now
    self.onInput = onInput
  }

  deinit { cancelTimers() }

  func close() {
    cancelTimers()
    for connection in connections { connection.close() }
    connections = []
    places = [:]
    wanted = []
  }

  // MARK: What is wanted

  /// Takes the place of the symbols of before.
  func watch(_ symbols: Set<Symbol>) {
    let now = line.loop.now
    for symbol in symbols { places[symbol]?.unwantedSince = nil }
    for symbol in wanted.subtracting(symbols) { places[symbol]?.unwantedSince = now }
    wanted = symbols
    placeAll()
    scheduleSweep()
    listen()
  }

  /// How long pushes may lie unread while nobody waits for a price.
  var coalescing: Duration { interval.duration * Self.unreadPushes / max(1, places.count) }

  private func placeAll() {
    var homeless = wanted.filter { places[$0] == nil }.sorted()[...]
    for connection in connections { fill(connection, &homeless) }
    while !homeless.isEmpty, connections.count < Self.connectionsMaximum {
      let connection = StreamConnection(
        "the price stream",
        fallback: { [weak self] in self?.fallback ?? StreamFallback(words: "") },
        channels: [], isCoalesced: true, line: line
      ) { [weak self] connection, event in self?.take(event, of: connection) }
      connections.append(connection)
      fill(connection, &homeless)
      connection.connect(to: "")
    }
    guard let first = homeless.first else { return }
    line.journal.trouble(
      "prices of \(homeless.count) symbols are not pushed, from \(first) on; \(fallback.words)",
      reason: "\(places.count) symbols are watched, which is the most",
      advice: "allow fewer symbols in risk.symbols", level: fallback.level)
  }

  private var fallback: StreamFallback {
    source() == .stream
      ? StreamFallback(
        words: "orders wait for a pushed price, as price.source is \"stream\"", level: .warning)
      : StreamFallback(words: "prices are looked up")
  }

  /// Puts as many symbols on the connection as it has room for.
  private func fill(_ connection: StreamConnection, _ homeless: inout ArraySlice<Symbol>) {
    let room = StreamLimits.subscriptionsMaximum - connection.channels.count
    let symbols = homeless.prefix(room)
    guard !symbols.isEmpty else { return }
    homeless = homeless.dropFirst(room)
    for symbol in symbols { places[symbol] = Place(connection: connection, heardAt: line.loop.now) }
    connection.subscribe(to: symbols.map { .bookTicker($0, interval) })
  }

  // MARK: What nobody wants any more

  private func scheduleSweep() {
    cancelSweep()
    guard let first = places.values.compactMap(\.unwantedSince).min() else { return }
    sweep = line.loop.schedule(at: first.advanced(by: line.times.unwantedMaximum)) {
      [weak self] in self?.endUnwanted()
    }
  }

  private func cancelTimers() {
    cancelSweep()
    if let listening { line.loop.cancel(listening) }
    listening = nil
  }

  private func cancelSweep() {
    if let sweep { line.loop.cancel(sweep) }
    sweep = nil
  }

  private func endUnwanted() {
    let now = line.loop.now
    let gone = places.filter { _, place in
      place.unwantedSince.map { now.since($0) >= line.times.unwantedMaximum } ?? false
    }
    for symbol in gone.keys { places[symbol] = nil }
    for connection in connections {
      let symbols = gone.filter { $0.value.connection === connection }.keys.sorted()
      if symbols.isEmpty { continue }
      connection.unsubscribe(from: symbols.map { .bookTicker($0, interval) })
      if connection.channels.isEmpty { connection.close() }
    }
    connections.removeAll(where: \.channels.isEmpty)
    placeAll()
    scheduleSweep()
  }

  // MARK: What is not pushed any more

  /// Books that do not change are pushed again and again: the exchange has forgotten the subscription.
  private func listen() {
    guard listening == nil, !places.isEmpty else { return }
    let next = line.loop.now.advanced(by: line.times.silenceMaximum / 2)
    listening = line.loop.schedule(at: next) { [weak self] in
      self?.listening = nil
      self?.askForRefused()
      self?.subscribeToSilent()
      self?.listen()
    }
  }

  /// The market of a symbol that the exchange refused may have opened meanwhile.
  private func askForRefused() {
    for connection in connections {
      let due = refusedAndDue(on: connection)
      if !due.isEmpty { connection.askForRefused(due.map { .bookTicker($0, interval) }) }
    }
  }

  private func refusedAndDue(on connection: StreamConnection) -> [Symbol] {
    let now = line.loop.now
    let refused = connection.refused
    var due: [Symbol] = []
    for symbol in places.keys.sorted() where places[symbol]?.connection === connection {
      guard refused.contains(.bookTicker(symbol, interval)) else {
        places[symbol]?.refusal = nil
        continue
      }
      if places[symbol]?.refusal?.isDue(at: now) == true {
        places[symbol]?.heardAt = now
        due.append(symbol)
      } else if places[symbol]?.refusal == nil {
        places[symbol]?.refusal = Refusal(at: now, line.times)
      }
    }
    return due
  }

  private func subscribeToSilent() {
    let now = line.loop.now
    for connection in connections {
      let accepted = connection.accepted
      let silent = places.keys.sorted().filter { symbol in
        places[symbol].map {
          $0.connection === connection && now.since($0.heardAt) >= line.times.silenceMaximum
        } == true && accepted.contains(.bookTicker(symbol, interval))
      }
      // A connection on which nothing is pushed at all is made anew.
      guard let first = silent.first, silent.count < accepted.count else { continue }
      for symbol in silent { places[symbol]?.heardAt = now }
      connection.subscribeAgain(to: silent.map { .bookTicker($0, interval) })
      line.journal.trouble(
        "the price stream pushes nothing of \(first) any more, and it is subscribed to again; "
          + fallback.words, reason: "\(silent.count) of its symbols are silent, others are not",
        advice: "nothing at first; where it lasts, check that the symbol is traded",
        level: fallback.level)
    }
  }

  // MARK: What comes

  private func take(_ event: StreamConnection.Event, of connection: StreamConnection) {
    switch event {
    case .ready:
      for index in places.values.indices where places.values[index].connection === connection {
        places.values[index].heardAt = line.loop.now
      }
      line.journal.tell(
        .info, "the price stream is connected", ["at": line.endpoint.description])
    case .lost(let end):
      line.journal.trouble(
        "the price stream is lost; until it is back \(fallback.words)", reason: end.text,
        advice: end.advice, level: fallback.level)
    case .pushed(let push, let time): take(push, time)
    // There is no key, and the connection tells a failure itself.
    case .keyRefused, .failed: break
    }
  }

  /// Also one that nobody wants any more: the next signal may be for it. After a reload the prices that are
  /// still pushed may be no longer wanted.
  private func isWatched(_ symbol: Symbol) -> Bool {
    guard let index = places.index(forKey: symbol) else { return false }
    places.values[index].heardAt = line.loop.now
    return source() != .rest
  }

  private func take(_ push: StreamEvent, _ time: MonotonicTime) {
    switch push {
    case .topOfBook(let symbol, let book):
      guard isWatched(symbol) else { return }
      let now = now()
      let price = MarketPrice(
        at: venue, bid: book.bid, ask: book.ask,
        knownAt: now.advanced(by: time.since(now.monotonic)), sentAt: book.sentAt, origin: .pushed)
      onInput(.price(symbol, price))
    case .noPrice(let symbol, reason: _):
      if isWatched(symbol) { onInput(.noPrice(symbol)) }
    case .unreadable(let reason):
      line.journal.strange(
        "the price stream pushes something that is not understood; nothing is concluded from it",
        reason: reason)
    // None of these was asked for.
    case .order, .trade, .unreadableOrder, .balance, .unreadableBalance: break
    }
  }

  // MARK: What can be seen of it

  func status(at now: Moment) -> [StreamStatus] {
    connections.isEmpty
      ? [StreamStatus(name: "market", state: .off)]
      : connections.map { $0.status("market", at: now) }
  }

  /// What is wrong where prices come from here alone. `unpriced` are the wanted symbols that have no price
  /// from here that an order could be judged by.
  func troubles(unpriced: [Symbol]) -> [Trouble] {
    let pushed = connections.reduce(into: Set<StreamChannel>()) { $0.formUnion($1.accepted) }
    func isPushed(_ symbol: Symbol) -> Bool { pushed.contains(.bookTicker(symbol, interval)) }
    return [
      trouble("no price", of: unpriced.filter { !isPushed($0) }, Self.refusedAdvice),
      trouble("no current price", of: unpriced.filter(isPushed), Self.advice),
    ].compactMap(\.self)
  }

  private func trouble(_ what: String, of symbols: [Symbol], _ advice: String) -> Trouble? {
    guard let first = symbols.first else { return nil }
    let end = connections.compactMap(\.lastEnd).first
    let which = symbols.count == 1 ? "\(first)" : "\(symbols.count) symbols, first \(first)"
    return Trouble(
      subject: .daemon,
      message:
        "\(what) of \(which) is pushed, and price.source is \"stream\": their signals wait"
        + (end.map { " (\($0.text))" } ?? ""),
      advice: end?.advice ?? advice)
  }

  private static let refusedAdvice =
    "check the symbols in risk.symbols; they are asked for again after a pause"
  private static let advice =
    "price.source \"auto\" asks for prices that are not pushed; check this machine's clock "
    + "('timedatectl') and the way to exchange.stream_url"
}
