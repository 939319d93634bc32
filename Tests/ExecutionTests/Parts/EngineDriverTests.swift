import Domain
import Testing

@testable import Execution

/// What the driver does with the effects of a turn, and when.
@Suite struct EngineDriverTests {
  private struct Broken: Error {}

  /// A driver whose edges write down what happens, in order.
  private final class Stage {
    private(set) var events: [String] = []
    private(set) var sent: [Dispatch] = []
    private var now: Moment
    var commitTakes: Duration = .zero
    var isBroken = false
    /// The database has a turn with the flush, and not with its commit.
    var isCarried = false
    var isFlushBroken = false
    /// What was carried has not left, and is given up.
    var isGivenUp = false
    private var hasFailedToFlush = false
    /// The disk may hold what it did not confirm.
    var isUnconfirmed = false
    private(set) var lastAnswer: SignalAnswer?
    var isBehind = false
    private var driver: EngineDriver<Broken>?
    private let harness = EngineHarness()

    init() {
      let now = moment()
      self.now = now
      let engine = Engine(
        makeConfiguration(), restoring: StoredState(), signals: [:], at: now)
      driver = EngineDriver(
        engine: engine,
        storage: EngineDriver<Broken>.Storage(
          write: { [unowned self] write throws(Broken) in note("write \(Self.kind(write))") },
          commit: { [unowned self] _ throws(Broken) in
            self.now = self.now.advanced(by: commitTakes)
            if isBroken { throw Broken() }
            note("commit")
            isBehind = isCarried
          },
          flush: { [unowned self] () throws(Broken) in
            guard isBehind else { return }
            if isFlushBroken {
              hasFailedToFlush = true
              throw Broken()
            }
            note("flush")
            isBehind = false
          }, isBehind: { [unowned self] in isBehind },
          hasGivenUp: { [unowned self] in isGivenUp && hasFailedToFlush },
          mayBeKept: { [unowned self] _ in isUnconfirmed },
          catchUp: { [unowned self] in note("catch up") }),
        now: { [unowned self] in self.now },
        edges: EngineDriver<Broken>.Edges(
          send: { [unowned self] dispatch in
            sent.append(dispatch)
            note("send \(Self.kind(dispatch.request))")
          },
          withdrawUnsent: { [unowned self] _ in note("withdraw") },
          answer: { [unowned self] _, answer in
            lastAnswer = answer
            note("answer \(answer.code.rawValue)")
          },
          settle: { [unowned self] outcome in note("settle \(outcome.code.rawValue)") },
          doubt: { [unowned self] _, _ in note("doubt") },
          answerCommand: { [unowned self] _, answer in note("reply \(answer.ok)") },
          log: { [unowned self] _ in note("log") },
          watchPrices: { _ in }, connectAccountStream: {},
          storageFailed: { [unowned self] _ in note("storage failed") }))
    }

    private func note(_ event: String) { events.append(event) }

    private static func kind(_ request: ExchangeRequest) -> String {
      String(describing: request).prefix { $0 != "(" }.description
    }

    private static func kind(_ write: StoreWrite) -> String {
      String(describing: write).prefix { $0 != "(" }.description
    }

    /// What happened since the last call; what holds nothing up only where it is asked for.
    func take(logs: Bool = false) -> [String] {
      defer { events = [] }
      return events.filter { logs || $0 != "log" && $0 != "catch up" }
    }

    func feed(_ input: Input) { driver?.feed(input) }
    func commitAndSend() { driver?.commitAndSend() }
    func finish() { driver?.finish() }
    /// What has happened by then, where the database does not take what was carried.
    func finishWithoutFlush(isGivenUp: Bool) -> [String] {
      (isFlushBroken, self.isGivenUp) = (true, isGivenUp)
      finish()
      return take()
    }
    func afterCommit(_ work: String) { driver?.afterCommit { [unowned self] in note(work) } }
    var hasSentPlacement: Bool { sent.contains { $0.isPlacement } }
    var hasMoreToDoAfterSending: Bool { driver?.hasSent == true }
    var hasFailed: Bool { driver?.hasFailed == true }
    var engine: Engine? { driver?.engine }

    func submit(_ id: String, _ symbol: Symbol = btc) {
      let (arrival, known) = harness.arrival(limit(id, symbol), arrivedAt: now.wall)
      feed(.signal(arrival, known: known))
    }

    func answer(_ answer: ExchangeAnswer, where isMeant: (ExchangeRequest) -> Bool) {
      guard let dispatch = sent.last(where: { isMeant($0.request) }) else { return }
      feed(.answer(dispatch.id, answer))
    }

    func answerPrices() {
      answer(.prices([SymbolPrice(symbol: btc, price: decimal("100"))]), where: \.isPrices)
    }

    func pass(_ duration: Duration) { now = now.advanced(by: duration) }

    /// With the start gate passed, and so long after it that the limits are free: the use that a start
    /// takes for granted would hold every request for the commit.
    func open() {
      feed(.tick)
      finish()
      answer(.serverTime(now.wall), where: \.isClock)
      answer(.instruments([btc, eth, sol].map { instrument($0) }), where: \.isInstruments)
      finish()
      answer(.tradableSymbols([btc, eth, sol])) { $0 == .tradableSymbols }
      finish()
      #expect(driver?.engine.isTradingOpen == true)
      pass(.seconds(11))
      _ = take()
    }
  }

  // MARK: The order of things

  @Test func `an order leaves before what was committed earlier is told`() {
    let stage = Stage()
    stage.open()
    stage.submit("a")
    stage.commitAndSend()
    #expect(stage.take().last == "commit")
    #expect(!stage.hasMoreToDoAfterSending)
    stage.answerPrices()
    stage.commitAndSend()
    #expect(stage.take().suffix(2) == ["commit", "send place"])
    #expect(stage.hasMoreToDoAfterSending)
    stage.finish()
    #expect(!stage.hasMoreToDoAfterSending)
    #expect(stage.take(logs: true) == ["commit", "log", "answer accepted", "log", "catch up"])
  }

  @Test func `what was committed is told although the next commit fails`() {
    let stage = Stage()
    stage.open()
    stage.submit("a")
    stage.commitAndSend()
    _ = stage.take()
    stage.submit("b")
    stage.isBroken = true
    stage.finish()
    #expect(
      stage.take().filter { !$0.hasPrefix("write") }
        == ["answer accepted", "answer storage_unavailable", "storage failed"])
  }

  /// What a disk did not confirm it may have kept, and then the next start sends the order.
  @Test(arguments: [false, true])
  func `a signal is said not to be taken only where that is known`(isUnconfirmed: Bool) {
    let stage = Stage()
    stage.open()
    stage.submit("a")
    stage.isBroken = true
    stage.isUnconfirmed = isUnconfirmed
    stage.finish()
    #expect(stage.lastAnswer?.status == .rejected)
    #expect(stage.lastAnswer?.code == .storageUnavailable)
    #expect(
      stage.lastAnswer?.message
        == (isUnconfirmed
          ? "The disk failed before it confirmed the signal, which may have been taken; send it again "
            + "under the same id only."
          : "The database cannot be written, so the signal was not taken; send it again later."))
  }

  @Test func `of an order that an input changes several times the last row is written`() {
    let stage = Stage()
    stage.open()
    stage.submit("a")
    stage.answerPrices()
    stage.finish()
    _ = stage.take()
    // The price is known: the order is made, approved and armed at once.
    stage.submit("b")
    let writes = stage.take()
    #expect(writes.count { $0 == "write appendEvent" } == 4)
    #expect(writes.count { $0 == "write putOrder" } == 1)
  }

  @Test func `what needs no commit leaves before it, and the rest after it`() {
    let stage = Stage()
    stage.open()
    stage.submit("a")
    // The price is asked for while the signal is being written down.
    let fed = stage.take()
    #expect(fed.first == "send prices")
    #expect(fed.dropFirst().allSatisfy { $0.hasPrefix("write") })
    #expect(fed.contains("write insertSignal"))
    stage.finish()
    #expect(stage.take() == ["commit", "answer accepted"])

    stage.answerPrices()
    #expect(stage.take().allSatisfy { $0.hasPrefix("write") })
    stage.finish()
    #expect(stage.take() == ["commit", "send place"])
  }

  @Test func `an order leaves before answers, files and the journal`() {
    let stage = Stage()
    stage.open()
    stage.submit("a")
    stage.afterCommit("work")
    stage.answerPrices()
    _ = stage.take()
    stage.finish()
    let done = stage.take(logs: true)
    #expect(Array(done.prefix(2)) == ["commit", "send place"])
    #expect(done.contains("answer accepted"))
    #expect(done.suffix(2) == ["log", "catch up"])
    // Work stands in its place among the answers.
    let answer = done.firstIndex(of: "answer accepted") ?? .max
    #expect(done.firstIndex(of: "work").map { $0 > answer } == true)
  }

  @Test func `nothing of a turn happens twice`() {
    let stage = Stage()
    stage.open()
    stage.submit("a")
    stage.answerPrices()
    stage.finish()
    _ = stage.take()
    stage.finish()
    #expect(stage.take() == ["commit"])
    #expect(stage.sent.count(where: \.isPlacement) == 1)
  }

  @Test func `a deadline that has come is an input of its own`() {
    let stage = Stage()
    stage.open()
    stage.finish()
    #expect(stage.take() == ["commit"])
    // The clock's reading has grown old.
    stage.pass(.seconds(61))
    stage.finish()
    #expect(stage.take() == ["send serverTime", "commit"])
  }

  @Test func `an order leaves before the database has it, and all else happens afterwards`() {
    let stage = Stage()
    stage.open()
    stage.submit("a")
    stage.answerPrices()
    _ = stage.take()
    stage.isCarried = true
    stage.finish()
    #expect(
      stage.take(logs: true)
        == ["commit", "send place", "flush", "log", "answer accepted", "log", "catch up"])
  }

  @Test(arguments: [true, false])
  func `of what the database does not take only what has not left is refused`(isGivenUp: Bool) {
    let stage = Stage()
    stage.open()
    stage.submit("a")
    stage.commitAndSend()
    _ = stage.take()
    stage.isCarried = true
    stage.submit("b", eth)
    // Of the first one the database has everything.
    #expect(
      stage.finishWithoutFlush(isGivenUp: isGivenUp).filter { !$0.hasPrefix("write") }
        == [
          "commit", "answer accepted",
          isGivenUp ? "answer storage_unavailable" : "answer accepted", "storage failed",
        ])
    #expect(stage.hasFailed)
  }

  @Test func `what came behind an order that has left is refused, and that order is told`() {
    let stage = Stage()
    stage.open()
    stage.submit("a")
    stage.answerPrices()
    stage.isCarried = true
    stage.commitAndSend()
    #expect(stage.hasSentPlacement)
    stage.submit("b", eth)
    _ = stage.take()
    #expect(
      stage.finishWithoutFlush(isGivenUp: true).filter {
        !$0.hasPrefix("write") && !$0.hasPrefix("send")
      }
        == ["commit", "answer accepted", "answer storage_unavailable", "storage failed"])
  }

  @Test func `what a read has brought in is not refused by a later failure`() {
    let stage = Stage()
    stage.open()
    stage.isCarried = true
    stage.submit("a")
    stage.commitAndSend()
    stage.isBehind = false
    stage.submit("b", eth)
    _ = stage.take()
    #expect(
      stage.finishWithoutFlush(isGivenUp: true).filter { $0.hasPrefix("answer") }
        == ["answer accepted", "answer storage_unavailable"])
  }

  // MARK: Too late

  @Test func `what is too late after its commit does not leave`() {
    let stage = Stage()
    stage.open()
    stage.submit("a")
    stage.answerPrices()
    stage.commitTakes = .seconds(3)
    _ = stage.take()
    stage.finish()
    #expect(!stage.take().contains("send place"))
    #expect(!stage.hasSentPlacement)
    // It provably did not leave, so that it may go again.
    #expect(stage.engine?.liveOrder(key("a"))?.status == .new)
    #expect(stage.engine?.hasPlacementOutstanding == false)
  }

  @Test func `a demanded back off takes back what waits for the commit`() {
    let stage = Stage()
    stage.open()
    stage.submit("a")
    stage.submit("b", eth)
    // The second look-up leaves with the answer to the first, which lets the first order go.
    stage.answerPrices()
    #expect(stage.engine?.hasPlacementOutstanding == true)
    #expect(stage.take().contains("send prices"))
    stage.answer(throttled(.seconds(5)), where: \.isPrices)
    #expect(stage.take().contains("withdraw"))
    #expect(stage.engine?.hasPlacementOutstanding == true)
    stage.finish()
    #expect(!stage.hasSentPlacement)
    // The order learned in the same turn that it had not left.
    #expect(stage.engine?.liveOrder(key("a"))?.status == .new)
    #expect(stage.engine?.hasPlacementOutstanding == false)
  }

  // MARK: Storage

  @Test func `a failed commit refuses all who wait, and ends the driver`() {
    let stage = Stage()
    stage.open()
    stage.submit("a")
    stage.answerPrices()
    stage.feed(.command(.halt(reason: "x", cancel: false), CommandToken(number: 1)))
    stage.afterCommit("work")
    // The order that waits for the commit is held back by the halt.
    #expect(stage.take().contains("withdraw"))
    stage.isBroken = true
    stage.finish()
    #expect(
      stage.take(logs: true).filter { !$0.hasPrefix("write") }
        == ["answer storage_unavailable", "reply false", "work", "storage failed", "catch up"])
    #expect(stage.hasFailed)
    #expect(!stage.hasSentPlacement)

    stage.isBroken = false
    stage.submit("b")
    stage.feed(.tick)
    stage.finish()
    #expect(stage.take(logs: true) == [])
  }
}
