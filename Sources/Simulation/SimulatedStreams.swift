import Daemon
import Domain
import Execution
import MEXC
import Matching
import SimulatedExchange

/// The streams of one life of the daemon, in the place of the WebSocket connections: the frames of the
/// simulated exchange's own stream face, over a way that delays, loses, repeats and ends.
///
/// What the program can know of a book's age is when it came, and by how much longer it was on its
/// way than the fastest one of its connection. The least delay of a way, and a feed that keeps sending
/// one book as if it were a young one, cannot be seen from here; no invariant counts them.
final class SimulatedStreams: VenueStreams {
  var onInput: ((Input) -> Void)?

  private let network: SimulatedNetwork
  private let process: SimulatedProcess
  private let world: World
  private var market: PushedLine?
  private var account: PushedLine?
  private var symbols: Set<Symbol> = []
  private var target = ""
  /// The first book of each symbol: what a feed that stands still goes on sending.
  private var firstBooks: [Symbol: TopOfBook] = [:]
  private var fate: SplitMix64
  private let interval: Int64
  private var isClosed = false

  private static let pingInterval = 20 * second

  init(_ network: SimulatedNetwork, _ process: SimulatedProcess) {
    self.network = network
    self.process = process
    world = network.world
    fate = world.stream("streams \(process.life)")
    interval = Int64(200 + fate.below(600)) * millisecond
    takeFrames()
    keepAlive()
  }

  /// The engine has been told that the account's stream is there.
  var isAccountUp: Bool { account?.isReady ?? false }

  // MARK: The owner's wishes

  func watchPrices(_ symbols: Set<Symbol>) {
    self.symbols = symbols
    connectMarket()
  }

  func connectAccount(at target: String) {
    self.target = target
    connectAccount()
  }

  func close() {
    isClosed = true
    onInput = nil
    for line in [market, account] { line.map(end) }
    (market, account) = (nil, nil)
  }

  // MARK: Connections

  private func connectMarket() {
    market.map(end)
    market = nil
    if symbols.isEmpty || isClosed { return }
    let line = open(
      "", symbols.sorted().map { .bookTicker($0, .hundredMilliseconds) }, ready: { _ in })
    if world.happens(.marketLags) {
      line.lag = Int64(world.below(8_000, for: .marketLags)) * millisecond
    }
    market = line
  }

  private func connectAccount() {
    account.map(end)
    account = nil
    if isClosed { return }
    let channels: [StreamChannel] = [.privateOrders, .privateDeals, .privateAccount]
    account = open(target, channels) { [unowned self] line in
      // The key was refused before anything was pushed, and ends with this connection.
      if world.happens(.keyRefused) { return accountEnds(line, .keyRefused) }
      line.isReady = true
      tell(.accountStream(.opened))
    }
  }

  private func open(
    _ target: String, _ channels: [StreamChannel], ready: @escaping (PushedLine) -> Void
  ) -> PushedLine {
    let request = WireRequest(
      method: "GET", path: "/ws", query: target.hasPrefix("?") ? String(target.dropFirst()) : target
    )
    let number = network.face.openStream(request, at: world.exchangeNow)
    let line = PushedLine(number: number)
    for command in StreamCommand.subscribing(to: channels, firstID: 1) {
      network.face.receive(command.text, onStream: number, at: world.exchangeNow)
    }
    later(in: network.streamWay(&fate), on: line) { ready(line) }
    return line
  }

  private func end(_ line: PushedLine) {
    line.hasEnded = true
    network.face.streamEnded(line.number)
  }

  private func accountEnds(_ line: PushedLine, _ event: AccountStreamEvent) {
    end(line)
    account = nil
    tell(.accountStream(event))
    // With a key that is refused the daemon waits for another one.
    if event != .keyRefused { again { [unowned self] in if account == nil { connectAccount() } } }
  }

  private func marketEnds(_ line: PushedLine) {
    end(line)
    market = nil
    again { [unowned self] in if market == nil { connectMarket() } }
  }

  private func again(_ connect: @escaping () -> Void) {
    let pause = Int64(500 + fate.below(5_000)) * millisecond
    world.plan(in: pause) { [weak self] in
      if let self, !self.isClosed, self.process.isAlive { connect() }
    }
  }

  private func keepAlive() {
    world.plan(in: Self.pingInterval) { [weak self] in
      guard let self, !self.isClosed else { return }
      for line in [self.market, self.account].compactMap(\.self) {
        self.network.face.receive(
          StreamCommand.ping.text, onStream: line.number, at: self.world.exchangeNow)
      }
      self.keepAlive()
    }
  }

  // MARK: Frames

  private func takeFrames() {
    world.plan(in: interval) { [weak self] in
      guard let self, !self.isClosed, self.process.isAlive else { return }
      for delivery in self.network.face.streamDeliveries(at: self.world.exchangeNow) {
        self.take(delivery)
      }
      self.takeFrames()
    }
  }

  private func take(_ delivery: StreamDelivery) {
    if let line = market, line.number == delivery.connection {
      switch delivery.action {
      case .binary(let frame): takeBook(StreamEvent(frame), line)
      case .close, .reset: marketEnds(line)
      case .text: break
      }
    } else if let line = account, line.number == delivery.connection {
      switch delivery.action {
      case .binary(let frame): takePush(StreamEvent(frame), line)
      case .close, .reset: accountEnds(line, .lost("closed by the exchange"))
      case .text: break
      }
    }
  }

  // MARK: Books

  private func takeBook(_ event: StreamEvent, _ line: PushedLine) {
    guard case .topOfBook(let symbol, let book) = event, world.time >= line.silentUntil
    else { return }
    if world.happens(.marketDies) { return marketEnds(line) }
    if world.happens(.marketSilent) {
      line.silentUntil = world.time + Int64(world.below(20_000, for: .marketSilent)) * millisecond
      return
    }
    if firstBooks[symbol] == nil { firstBooks[symbol] = book }
    let price = pushed(symbol, book)
    let sentAt = world.time
    var delay = network.streamWay(&fate) + line.lag
    if world.happens(.bookLate) {
      delay += Int64(world.below(6_000, for: .bookLate)) * millisecond
    }
    later(in: delay, on: line) { [unowned self] in arrive(symbol, price, sentAt, line) }
    if world.happens(.bookRepeated) {
      let more = Int64(world.below(4_000, for: .bookRepeated)) * millisecond
      later(in: delay + more, on: line) { [unowned self] in arrive(symbol, price, sentAt, line) }
    }
  }

  /// The book, or a lie. The codec passes no crossed and no empty one on; the engine must not rely on
  /// that, since every venue has a codec of its own.
  private func pushed(_ symbol: Symbol, _ book: TopOfBook) -> MarketPrice {
    var price = MarketPrice(
      at: world.scenario.venue.traits(in: .live).name, bid: book.bid, ask: book.ask,
      knownAt: world.machineNow, sentAt: book.sentAt, origin: .pushed)
    guard world.happens(.bookLies) else { return price }
    switch world.below(4, for: .bookLies) {
    case 0: (price.bid, price.ask) = (book.ask, book.bid)
    case 1: (price.bid, price.ask) = (nil, nil)
    case 2: (price.bid, price.ask) = (firstBooks[symbol]?.bid, firstBooks[symbol]?.ask)
    default:
      price.bid = book.bid.adding(book.bid)
      price.ask = book.ask.adding(book.ask)
    }
    return price
  }

  private func arrive(_ symbol: Symbol, _ price: MarketPrice, _ sentAt: Int64, _ line: PushedLine) {
    let delay = world.time - sentAt
    line.leastDelay = min(line.leastDelay, delay)
    var price = price
    price.knownAt = world.machineNow.advanced(by: .nanoseconds(line.leastDelay - delay))
    process.oracle.pushedPrices.arrived(
      symbol, price, sentAt: sentAt, after: delay - line.leastDelay, world)
    process.plant?.alter(&price, at: world.machineNow)
    onInput?(.price(symbol, price))
  }

  // MARK: The account

  private func takePush(_ event: StreamEvent, _ line: PushedLine) {
    guard let input = Self.input(of: event) else { return }
    if world.happens(.accountDies) { return accountEnds(line, .lost("reset on its way")) }
    if world.happens(.keyExpired) { return accountEnds(line, .keyRefused) }
    if world.happens(.pushLost) { return world.note("a push is lost", "", "\(input.kindOfPush)") }
    var delay = network.streamWay(&fate)
    // Others overtake it: a deal its order, and the answer to a look.
    if world.happens(.pushLate) {
      delay += Int64(world.below(8_000, for: .pushLate)) * millisecond
    }
    later(in: delay, on: line) { [unowned self] in tell(input) }
    if world.happens(.pushRepeated) {
      let more = Int64(world.below(8_000, for: .pushRepeated)) * millisecond
      later(in: delay + more, on: line) { [unowned self] in tell(input) }
    }
  }

  /// As the daemon's own stream of orders tells the engine.
  private static func input(of event: StreamEvent) -> Input? {
    switch event {
    case .order(let report): .execution(report)
    case .trade(let trade): trade.clientOrderID.map { .accountStream(.traded($0, trade.quantity)) }
    case .unreadableOrder(let symbol, let row): .accountStream(.unreadable(symbol, row))
    case .unreadable: .accountStream(.notUnderstood)
    case .balance(let change):
      .accountStream(.balance(asset: change.asset, free: change.available, frozen: change.frozen))
    case .unreadableBalance(let asset, _): .accountStream(.balanceUnreadable(asset: asset))
    case .topOfBook, .noPrice: nil
    }
  }

  private func tell(_ input: Input) {
    guard !isClosed, process.isAlive else { return }
    world.note("pushed", "", input.kindOfPush)
    onInput?(process.plant?.alter(input) ?? input)
  }

  private func later(in delay: Int64, on line: PushedLine, _ action: @escaping () -> Void) {
    world.plan(in: delay) { [weak self] in
      guard let self, !self.isClosed, self.process.isAlive, !line.hasEnded else { return }
      action()
    }
  }
}

/// One connection.
private final class PushedLine {
  let number: Int
  var isReady = false
  var hasEnded = false
  var silentUntil: Int64 = 0
  /// How much longer than another connection's way its own is, from the first push on.
  var lag: Int64 = 0
  /// Of what came over it.
  var leastDelay = Int64.max

  init(number: Int) { self.number = number }
}

extension Input {
  fileprivate var kindOfPush: String {
    switch self {
    case .execution(let report):
      "order \(report.orderID) \(report.status) \(report.executedQuantity)"
    case .accountStream(let event): "\(event)"
    case .expected, .signal, .answer, .price, .noPrice, .heartbeat, .keyChanged, .tick, .command,
      .reconfigure, .stop:
      ""
    }
  }
}
