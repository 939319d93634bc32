import Domain
import Matching
package import Transport

/// What is to happen to a connection of the stream face.
package struct StreamDelivery: Hashable, Sendable {
  package enum Action: Hashable, Sendable {
    case text(String)
    case binary([UInt8])
    case close(WebSocketCloseCode, reason: String)
    case reset
  }

  package let connection: Int
  package let action: Action
}

/// The exchange's streams without their sockets: connections, commands and moments in, deliveries out.
/// It repeats itself to the byte when the seed and the inputs do.
struct StreamFace: Sendable {
  enum UpgradeRefusal {
    case unavailable, tooManyConnections
  }

  /// Connections that one listen key opens at the same time.
  static let connectionsPerKey = 5
  private static let keyExpired = "the listen key has expired"

  var faults: StreamFaults
  private(set) var counts = StreamCounts()
  private(set) var connections: [StreamConnection] = []
  private let seed: UInt64
  private let permissions: [String]
  private var lastNumber = 0
  private var pending: [StreamDelivery] = []
  private var books = BookFeed()
  /// From the first connection of the account on.
  private var account: AccountFeed?
  /// From a fault: the listen keys die in this turn.
  private var keysExpire = false
  private var fate: SplitMix64

  init(_ configuration: SimulatorConfiguration) {
    faults = configuration.faults.streams
    seed = configuration.seed
    permissions = configuration.permissions
    fate = SplitMix64(seed: configuration.seed, stream: "stream faults")
  }

  /// Takes over what a former exchange left open, to be closed.
  mutating func succeed(_ former: StreamFace) {
    lastNumber = former.lastNumber
    pending = former.pending
    connections = former.connections
    for number in former.connections.map(\.number) {
      close(number, .goingAway, "the exchange begins again")
    }
  }

  // MARK: Connections

  /// Why a client that asks for an upgrade is turned away; `nil` when it is not.
  mutating func upgradeRefusal(listenKey: String?) -> UpgradeRefusal? {
    let isFull =
      listenKey != nil
      && connections.count { $0.listenKey == listenKey } >= Self.connectionsPerKey
    let fault = draw(.upgrade, of: listenKey == nil ? .market : .user)
    guard fault != nil || isFull else { return nil }
    counts.refusedUpgrades += 1
    return fault == nil ? .tooManyConnections : .unavailable
  }

  /// The number of the connection that has just been upgraded.
  mutating func open(
    listenKey: String?, keys: ListenKeys, exchange: inout SpotExchange, at now: MonotonicTime
  ) -> Int {
    lastNumber += 1
    let connection = StreamConnection(number: lastNumber, listenKey: listenKey, at: now)
    connections.append(connection)
    counts.opened[connection.stream, default: 0] += 1
    guard let listenKey else { return lastNumber }
    guard keys.isAlive(listenKey, at: now) else {
      say(StreamText.invalidListenKey, to: lastNumber)
      close(lastNumber, .normal, "")
      return lastNumber
    }
    if account == nil {
      exchange.recordChanges()
      account = AccountFeed(holding: exchange.wallet, seed: seed)
    }
    return lastNumber
  }

  /// The client has gone.
  mutating func ended(_ number: Int) {
    connections.removeAll { $0.number == number }
    pending.removeAll { $0.connection == number }
  }

  var isInUse: Bool { !connections.isEmpty }

  private func place(of number: Int) -> Int? {
    connections.firstIndex { $0.number == number }
  }

  private mutating func say(_ text: String, to number: Int) {
    pending.append(StreamDelivery(connection: number, action: .text(text)))
  }

  private mutating func close(_ number: Int, _ code: WebSocketCloseCode, _ reason: String) {
    leave(number, .close(code, reason: reason))
  }

  private mutating func leave(_ number: Int, _ action: StreamDelivery.Action) {
    connections.removeAll { $0.number == number }
    pending.append(StreamDelivery(connection: number, action: action))
  }

  // MARK: Commands

  mutating func receive(
    _ text: String, from number: Int, exchange: SpotExchange, at now: MonotonicTime
  ) {
    guard let place = place(of: number) else { return }
    guard connections[place].noteCommand(at: now) else {
      return close(number, .policyViolation, "too many messages")
    }
    switch ClientCommand(text) {
    case .ping(let id): say(StreamText.reply(StreamText.pong, id: id), to: number)
    case .subscribe(let names, let id):
      let refused = subscribe(place, to: names, exchange, at: now)
      counts.refusedSubscriptions += refused.count
      let message =
        refused.isEmpty && !names.isEmpty
        ? names.joined(separator: ",") : StreamText.refusal(refused)
      say(StreamText.reply(message, id: id), to: number)
    case .unsubscribe(let names, let id):
      for channel in names.compactMap(PushChannel.init(text:)) {
        connections[place].unsubscribe(from: channel, at: now)
      }
      say(StreamText.reply(names.joined(separator: ","), id: id), to: number)
    // What the exchange says then is not documented.
    case nil: say(StreamText.reply(StreamText.refusal([]), id: 0), to: number)
    }
  }

  /// The names that were not subscribed to.
  private mutating func subscribe(
    _ place: Int, to names: [String], _ exchange: SpotExchange, at now: MonotonicTime
  ) -> [String] {
    let channels = names.map(PushChannel.init(text:))
    let symbols = channels.compactMap { $0?.symbol?.text }
    if draw(.subscription, of: connections[place].stream, about: symbols) != nil { return names }
    var refused: [String] = []
    for (name, channel) in zip(names, channels) {
      if let channel, isOffered(channel, to: connections[place], exchange),
        connections[place].subscribe(to: channel, at: now)
      {
        counts.subscriptions += 1
      } else {
        refused.append(name)
      }
    }
    return refused
  }

  private func isOffered(
    _ channel: PushChannel, to connection: StreamConnection, _ exchange: SpotExchange
  ) -> Bool {
    if let symbol = channel.symbol { return exchange.listing(symbol) != nil }
    guard let permission = channel.permission else { return true }
    return connection.listenKey != nil && permissions.contains(permission)
  }

  // MARK: Pushes

  /// Everything that is to be sent by now.
  mutating func turn(
    exchange: inout SpotExchange, keys: inout ListenKeys, at now: Moment
  ) -> [StreamDelivery] {
    closeOverdue(keys, at: now.monotonic)
    pushAccount(&exchange, at: now)
    pushBooks(exchange, at: now)
    if keysExpire { keys.expire() }
    keysExpire = false
    for number in connections.map(\.number) { sendDue(to: number, at: now.monotonic) }
    defer { pending = [] }
    return pending
  }

  /// When `turn` is to be called again at the latest; `nil` without connections.
  func due(keys: ListenKeys, at now: MonotonicTime) -> MonotonicTime? {
    if !pending.isEmpty { return now }
    return connections.map { connection in
      guard let key = connection.listenKey else { return connection.due }
      // The market may fill an order of the account at any of its steps.
      return min(connection.due, now.advanced(by: SpotExchange.step), keys.end(of: key) ?? now)
    }.min()
  }

  private mutating func closeOverdue(_ keys: ListenKeys, at now: MonotonicTime) {
    for connection in connections {
      if let key = connection.listenKey, !keys.isAlive(key, at: now) {
        close(connection.number, .normal, Self.keyExpired)
      } else if let reason = connection.end(at: now) {
        close(connection.number, .normal, reason)
      }
    }
  }

  private mutating func pushAccount(_ exchange: inout SpotExchange, at now: Moment) {
    guard
      let frames = account?.frames(
        about: exchange.takeChanges(), at: exchange, now: now.wall)
    else { return }
    for frame in frames {
      for connection in connections where connection.isSubscribed(to: frame.channel) {
        pushAccount(frame, to: connection.number, at: now.monotonic)
      }
    }
  }

  private mutating func pushBooks(_ exchange: SpotExchange, at now: Moment) {
    for number in connections.map(\.number) {
      guard let place = place(of: number) else { continue }
      for channel in connections[place].takeDueBooks(at: now.monotonic) {
        pushBook(channel, exchange, to: number, at: now)
      }
    }
  }

  private mutating func pushBook(
    _ channel: PushChannel, _ exchange: SpotExchange, to number: Int, at now: Moment
  ) {
    guard let place = place(of: number), !connections[place].isSilent(at: now.monotonic),
      case .bookTicker(let symbol, let milliseconds) = channel,
      exchange.price(of: symbol) != nil
    else { return }
    let fault = draw(.bookPush, of: connections[place].stream, about: [symbol.text])
    guard
      let book = books.book(symbol, of: exchange, isStale: fault == .stale, at: now.wall)
    else { return }
    var frame = StreamFrame.bookTicker(symbol, book, milliseconds: milliseconds, at: now.wall)
    if case .bookTicker(var body) = frame.body {
      if fault == .crossed { swap(&body.bidPrice, &body.askPrice) }
      if fault == .empty { empty(&body) }
      frame.body = .bookTicker(body)
    }
    push(frame, fault, to: number, at: now.monotonic)
  }

  /// The ways in which a side without orders might be printed.
  private mutating func empty(_ body: inout BookTickerBody) {
    let text = fate.chance(1, in: 2) ? "" : "0"
    let side = fate.below(3)
    if side != 0 { (body.bidPrice, body.bidQuantity) = (text, text) }
    if side != 1 { (body.askPrice, body.askQuantity) = (text, text) }
  }

  private mutating func pushAccount(_ frame: StreamFrame, to number: Int, at now: MonotonicTime) {
    guard let place = place(of: number), !connections[place].isSilent(at: now) else { return }
    let symbols = frame.symbol.map { [$0] } ?? []
    push(frame, draw(.push, of: connections[place].stream, about: symbols), to: number, at: now)
  }

  private mutating func push(
    _ frame: StreamFrame, _ fault: StreamFaults.Fault?, to number: Int, at now: MonotonicTime
  ) {
    guard let place = place(of: number) else { return }
    switch fault {
    case nil, .stale, .crossed, .empty: connections[place].outbox.append(frame, at: now)
    case .duplicate:
      connections[place].outbox.append(frame, at: now)
      connections[place].outbox.append(frame, at: now)
    case .lag(let delay): connections[place].outbox.append(frame, after: delay, at: now)
    case .reorder(let time): connections[place].outbox.hold(frame, for: time, at: now)
    case .silent(let time):
      connections[place].silentUntil = now.advanced(by: time ?? StreamConnection.lifeMaximum)
    case .garbage:
      pending.append(StreamDelivery(connection: number, action: .binary(garbage())))
    case .drop: leave(number, .reset)
    case .expire: expireKeys()
    case .close: close(number, .goingAway, "")
    // The last two are of other occasions.
    case .lose, .unavailable, .refuse: break
    }
  }

  /// A tag of wire type 7, which protobuf does not have, and anything behind it.
  private mutating func garbage() -> [UInt8] {
    [0x0F] + (0..<fate.below(200)).map { _ in UInt8(fate.below(256)) }
  }

  private mutating func expireKeys() {
    keysExpire = true
    for connection in connections where connection.listenKey != nil {
      close(connection.number, .normal, Self.keyExpired)
    }
  }

  private mutating func sendDue(to number: Int, at now: MonotonicTime) {
    guard let place = place(of: number) else { return }
    let frames = connections[place].outbox.take(at: now)
    if connections[place].isSilent(at: now) { return }
    for frame in frames {
      connections[place].notePush(at: now)
      counts.pushes[frame.channel, default: 0] += 1
      pending.append(StreamDelivery(connection: number, action: .binary(frame.bytes)))
    }
  }

  private mutating func draw(
    _ occasion: StreamFaults.Occasion, of stream: StreamFaults.Stream, about symbols: [String] = []
  ) -> StreamFaults.Fault? {
    let fault = faults.draw(on: occasion, of: stream, about: symbols, by: &fate)
    if let fault { counts.faults[fault.name, default: 0] += 1 }
    return fault
  }
}
