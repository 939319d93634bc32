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
  private var sent: [(id: SignalID, text: String)] = []
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
    let text = text(of: id, isStale: world.happens(.staleSignal))
    sent.append((id, text))
    deliver(text, id, way)
    if world.happens(.duplicate) { repeatOne(text, id) }
    if world.happens(.conflict) { contradict(id) }
    if world.happens(.malformed) {
      deliver(String(text.dropLast(1 + text.utf8.count / 3)), nil, way)
    }
    if world.happens(.flood) {
      for _ in 0..<(3 + world.below(8, for: .flood)) {
        let pick = sent[world.below(sent.count, for: .flood)]
        deliver(pick.text, pick.id, way)
      }
    }
  }

  private func repeatOne(_ text: String, _ id: SignalID) {
    let way = world.below(3, for: .duplicate)
    // The same meaning, spelled a little differently.
    let copy = world.below(2, for: .duplicate) == 0 ? text : " " + text + "\n"
    world.plan(in: Int64(world.below(8_000, for: .duplicate)) * millisecond) { [weak self] in
      self?.deliver(copy, id, way)
    }
  }

  private func contradict(_ id: SignalID) {
    let other = text(of: id, isStale: false)
    world.plan(in: Int64(world.below(3_000, for: .conflict)) * millisecond) { [weak self] in
      self?.deliver(other, id, 0)
    }
  }

  // MARK: What a signal says

  private func text(of id: SignalID, isStale: Bool) -> String {
    let listing = SimulatedNetwork.listings[draw.below(SimulatedNetwork.listings.count)]
    let last = network.price(of: listing.symbol) ?? FixedDecimal(1)
    let side = draw.chance(1, in: 2) ? "buy" : "sell"
    var fields = ["\"id\":\"\(id)\"", "\"symbol\":\"\(listing.symbol)\"", "\"side\":\"\(side)\""]
    let type = ["limit", "limit", "market", "ioc", "fok", "limit_maker"][draw.below(6)]
    fields.append("\"type\":\"\(type)\"")
    let worth = FixedDecimal(5 + draw.below(draw.chance(1, in: 8) ? 20_000 : 1_500))
    let tick = listing.rules.tickSize
    if type == "market" {
      if side == "buy" && draw.chance(1, in: 2) {
        fields.append("\"quote_quantity\":\"\(worth)\"")
      } else {
        fields.append("\"quantity\":\"\(quantity(worth, last, listing))\"")
      }
    } else {
      // Up to half a percent around the market.
      let shift = FixedDecimal.scaled(10_000 + draw.below(101) - 50, digits: 4)
      let price =
        last.multiplied(by: shift, rounding: .down)?
        .rounded(toMultipleOf: tick, .down) ?? last
      fields.append("\"price\":\"\(price)\"")
      fields.append("\"quantity\":\"\(quantity(worth, price, listing))\"")
    }
    if draw.chance(1, in: 2) {
      let shift = FixedDecimal.scaled(10_000 + draw.below(241) - 120, digits: 4)
      let reference =
        last.multiplied(by: shift, rounding: .down)?
        .rounded(toMultipleOf: tick, .down) ?? last
      fields.append("\"reference_price\":\"\(reference)\"")
    }
    let isDated = draw.chance(1, in: 2)
    if isDated || isStale {
      let age = isStale ? Duration.seconds(600) : .zero
      let time = world.machineNow.wall.advanced(by: .zero - age)
      fields.append("\"created_at\":\"\(Timestamp.format(time))\"")
    }
    fields.append("\"ttl_seconds\":\(2 + draw.below(40))")
    return "{" + fields.joined(separator: ",") + "}"
  }

  private func quantity(
    _ worth: FixedDecimal, _ price: FixedDecimal, _ listing: Listing
  ) -> FixedDecimal {
    worth.divided(by: price, rounding: .down)?
      .rounded(toMultipleOf: listing.rules.stepSize, .up) ?? listing.rules.stepSize
  }

  // MARK: Handing over

  private func deliver(_ text: String, _ id: SignalID?, _ way: Int) {
    deliveries += 1
    if way == 0 { say(text, id, tries: Self.triesOfALine) } else { put(text, id) }
  }

  /// By socket. Who is not answered, or told to come again, comes again.
  private func say(_ text: String, _ id: SignalID?, tries: Int) {
    guard tries > 0 else { return }
    world.note("line", id?.text ?? "")
    let again = { [weak self, world] in
      world.plan(in: second) { self?.say(text, id, tries: tries - 1) }
    }
    guard let process = process(), process.isAlive, let gateway = process.gateway else {
      return again()
    }
    let conversation = Conversation()
    let life = process
    let sentBefore = id.map(oracle.timesSent) ?? 0
    gateway.take(
      line: Array(text.utf8), from: SignalSender(name: "uid=1", user: 1),
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

  private func put(_ text: String, _ id: SignalID?) {
    let isSynced = !world.happens(.unsyncedFile)
    let name = "f\(nextFile).json"
    nextFile += 1
    guard spool.deliver(name, Array(text.utf8), of: id, isSynced: isSynced) != nil else { return }
    world.note("file", name, id?.text ?? "")
    oracle.files.dropped(name, changedAt: world.machineNow.wall)
    if world.happens(.lostEvent) { return }
    let times = world.happens(.doubledEvent) ? 2 : 1
    for _ in 0..<times {
      world.plan(in: 20_000) { [weak self] in self?.process()?.spoolView?.appeared(name) }
    }
  }
}
