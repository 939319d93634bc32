import Daemon
import Domain
import JSON
import Matching
import Platform

/// Those who send signals: by file and by socket, again when they are not sure, and sometimes wrongly.
final class Producer {
  private let world: World
  private let oracle: Oracle
  private let network: SimulatedNetwork
  private let spool: SimulatedSpool
  private let process: () -> SimulatedProcess?
  private var draw: SplitMix64
  private var sent: [(wish: Signal, text: String)] = []
  /// Everything that was handed over: lines and files.
  private(set) var deliveries = 0
  /// Distinct signals that were made.
  private(set) var made = 0
  private var nextFile = 1

  private static let triesOfALine = 5

  init(
    _ world: World, _ oracle: Oracle, _ network: SimulatedNetwork, _ spool: SimulatedSpool,
    process: @escaping () -> SimulatedProcess?
  ) {
    self.world = world
    self.oracle = oracle
    self.network = network
    self.spool = spool
    self.process = process
    draw = world.stream("producer")
  }

  /// Plans all signals of the run.
  func begin() {
    for number in 0..<world.dials.signals {
      let at = Int64(draw.below(Int(world.dials.length / millisecond))) * millisecond
      let way = draw.below(3)
      world.plan(at: at) { [weak self] in self?.makeSignal(number, way) }
    }
  }

  private func makeSignal(_ number: Int, _ way: Int) {
    guard let id = SignalID("s\(number)") else { return }
    made += 1
    var wish = wish(of: id)
    let text = text(of: &wish, isStale: world.happens(.staleSignal))
    sent.append((wish, text))
    deliver(text, wish, way)
    if world.happens(.duplicate) { repeatOne(text, wish) }
    if world.happens(.conflict) { contradict(id) }
    if world.happens(.malformed) {
      deliver(String(text.dropLast(1 + text.utf8.count / 3)), nil, way)
    }
    if world.happens(.flood) {
      for _ in 0..<(3 + world.below(8, for: .flood)) {
        let pick = sent[world.below(sent.count, for: .flood)]
        deliver(pick.text, pick.wish, way)
      }
    }
  }

  private func repeatOne(_ text: String, _ wish: Signal) {
    let way = world.below(3, for: .duplicate)
    // The same meaning, spelled a little differently.
    let copy = world.below(2, for: .duplicate) == 0 ? text : " " + text + "\n"
    world.plan(in: Int64(world.below(8_000, for: .duplicate)) * millisecond) { [weak self] in
      self?.deliver(copy, wish, way)
    }
  }

  private func contradict(_ id: SignalID) {
    var other = wish(of: id)
    let text = text(of: &other, isStale: false)
    world.plan(in: Int64(world.below(3_000, for: .conflict)) * millisecond) { [weak self, other] in
      self?.deliver(text, other, 0)
    }
  }

  // MARK: What a signal says

  private static let types: [OrderType] = [
    .limit, .limit, .market, .immediateOrCancel, .fillOrKill, .limitMaker,
  ]

  private func wish(of id: SignalID) -> Signal {
    let listing = SimulatedNetwork.listings[draw.below(SimulatedNetwork.listings.count)]
    let last = network.price(of: listing.symbol) ?? FixedDecimal(1)
    let side: Side = draw.chance(1, in: 2) ? .buy : .sell
    let type = Self.types[draw.below(Self.types.count)]
    let worth = FixedDecimal(5 + draw.below(draw.chance(1, in: 8) ? 20_000 : 1_500))
    var wish = Signal(id: id, symbol: listing.symbol, side: side, type: type, amount: .quote(worth))
    if type.hasPrice {
      let price = price(near: last, within: 50, listing)
      wish.price = price
      wish.amount = .base(quantity(worth, price, listing))
    } else if side == .sell || !draw.chance(1, in: 2) {
      wish.amount = .base(quantity(worth, last, listing))
    }
    if draw.chance(1, in: 2) { wish.referencePrice = price(near: last, within: 120, listing) }
    return wish
  }

  /// Up to so many basis points around the market.
  private func price(
    near last: FixedDecimal, within points: Int, _ listing: Listing
  ) -> FixedDecimal {
    let shift = FixedDecimal.scaled(10_000 + draw.below(2 * points + 1) - points, digits: 4)
    return last.multiplied(by: shift, rounding: .down)?
      .rounded(toMultipleOf: listing.rules.tickSize, .down) ?? last
  }

  /// Says in the wish, too, how long it lives.
  private func text(of wish: inout Signal, isStale: Bool) -> String {
    var fields = [
      "\"id\":\"\(wish.id)\"", "\"symbol\":\"\(wish.symbol)\"",
      "\"side\":\"\(wish.side.rawValue)\"", "\"type\":\"\(wish.type.rawValue)\"",
    ]
    if let price = wish.price { fields.append("\"price\":\"\(price)\"") }
    switch wish.amount {
    case .base(let quantity): fields.append("\"quantity\":\"\(quantity)\"")
    case .quote(let quote): fields.append("\"quote_quantity\":\"\(quote)\"")
    }
    if let price = wish.referencePrice { fields.append("\"reference_price\":\"\(price)\"") }
    let isDated = draw.chance(1, in: 2)
    if isDated || isStale {
      let age = isStale ? Duration.seconds(600) : .zero
      let time = world.machineNow.wall.advanced(by: .zero - age)
      fields.append("\"created_at\":\"\(time.text)\"")
      wish.createdAt = time
    }
    let life = 2 + draw.below(40)
    fields.append("\"ttl_seconds\":\(life)")
    wish.expiry = .timeToLive(.seconds(life))
    return "{" + fields.joined(separator: ",") + "}"
  }

  private func quantity(
    _ worth: FixedDecimal, _ price: FixedDecimal, _ listing: Listing
  ) -> FixedDecimal {
    worth.divided(by: price, rounding: .down)?
      .rounded(toMultipleOf: listing.rules.stepSize, .up) ?? listing.rules.stepSize
  }

  // MARK: Handing over

  /// `wish` is `nil` for what is no signal.
  private func deliver(_ text: String, _ wish: Signal?, _ way: Int) {
    deliveries += 1
    if way == 0 { say(text, wish, tries: Self.triesOfALine) } else { put(text, wish) }
  }

  /// By socket. Who is not answered, or told to come again, comes again.
  private func say(_ text: String, _ wish: Signal?, tries: Int) {
    guard tries > 0 else { return }
    let id = wish?.id
    world.note("line", id?.text ?? "")
    let again = { [weak self, world] in
      world.plan(in: second) { self?.say(text, wish, tries: tries - 1) }
    }
    guard let process = process(), process.isAlive, let gateway = process.gateway else {
      return again()
    }
    let conversation = Conversation()
    let life = process
    let sentBefore = id.map(oracle.timesSent) ?? 0
    if let wish { oracle.delivered(wish) }
    gateway.take(
      line: Array(readable(text).utf8), from: LineSender(name: "uid=1", user: 1),
      arrivedAt: world.machineNow.wall
    ) { [weak self] answer in
      guard life.survives(.beforeReply) else { return }
      conversation.isAnswered = true
      let isDone = self?.heard(answer, id, sentBefore: sentBefore) ?? true
      _ = life.survives(.afterReply)
      if !isDone { again() }
    }
    world.plan(in: 2 * second) {
      if !conversation.isAnswered && !life.isAlive { again() }
    }
  }

  private final class Conversation {
    var isAnswered = false
  }

  /// Whether the answer ends the matter.
  private func heard(_ answer: [UInt8], _ id: SignalID?, sentBefore: Int) -> Bool {
    let read = try? JSONReader.read(answer)
    let status = read?["status"]?.stringValue ?? ""
    let code = read?["code"]?.stringValue ?? ""
    world.note("reply", id?.text ?? "", "\(status) \(code)")
    guard let id else { return true }
    oracle.replied(status, code, to: id)
    if code == "storage_unavailable" { oracle.saidNotTaken(id, sentBefore: sentBefore) }
    return code != "storage_unavailable" && code != "shutting_down"
  }

  /// As the program reads it.
  private func readable(_ text: String) -> String { world.scenario.plant?.alter(text) ?? text }

  private func put(_ text: String, _ wish: Signal?) {
    let id = wish?.id
    if let wish { oracle.delivered(wish) }
    let isSynced = !world.happens(.unsyncedFile)
    let name = "f\(nextFile).json"
    nextFile += 1
    guard
      spool.deliver(name, Array(readable(text).utf8), of: id, isSynced: isSynced) != nil
    else { return }
    world.note("file", name, id?.text ?? "")
    oracle.files.dropped(name, changedAt: world.machineNow.wall)
    if world.happens(.lostEvent) { return }
    let times = world.happens(.doubledEvent) ? 2 : 1
    for _ in 0..<times {
      world.plan(in: 20_000) { [weak self] in self?.process()?.spoolView?.appeared(name) }
    }
  }
}
