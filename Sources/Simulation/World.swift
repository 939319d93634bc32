import Domain
import Matching

/// Time, chance and the record of one run. Nothing in it reads a real clock.
final class World {
  let scenario: Scenario
  let dials: Dials
  let trace: Trace
  /// Nanoseconds since the run began: the truth, which no clock step touches.
  private(set) var time: Int64 = 0
  private var schedule = Schedule()
  /// When the machine was last started.
  private(set) var bootTime: Int64 = -3_600 * second
  /// By how much the machine's civil clock was set, milliseconds.
  private(set) var clockShift: Int64 = 0
  private(set) var lastClockStep: Int64 = -60 * second
  /// By how much the clock was set in this turn of the loop, milliseconds.
  var clockShiftInTurn: Int64 = 0
  private(set) var boots = 0
  private(set) var clockSteps = 0
  /// Faults happen only in the first phase.
  var faultsAreOn = true
  private(set) var violation: Violation?
  private(set) var hits: [Int]
  private var streams: [SplitMix64]

  /// 2026-01-01T00:00:00Z.
  private static let epoch: Int64 = 1_767_225_600_000

  init(_ scenario: Scenario, keepsWords: Bool) {
    self.scenario = scenario
    dials = Dials(scenario)
    trace = Trace(keepsWords: keepsWords)
    hits = Fault.allCases.map { _ in 0 }
    streams = Fault.allCases.map { SplitMix64(seed: scenario.seed, stream: "fault \($0.rawValue)") }
  }

  func stream(_ name: String) -> SplitMix64 { SplitMix64(seed: scenario.seed, stream: name) }

  // MARK: Clocks

  var trueWall: WallTime { WallTime(milliseconds: Self.epoch + time / millisecond) }

  /// What the machine's clocks say.
  var machineNow: Moment {
    Moment(
      wall: WallTime(milliseconds: trueWall.milliseconds + clockShift),
      monotonic: MonotonicTime(nanoseconds: time - bootTime))
  }

  /// The simulated exchange's own clock runs on true time; its face adds the offset.
  var exchangeNow: Moment {
    Moment(wall: trueWall, monotonic: MonotonicTime(nanoseconds: time + 3_600 * second))
  }

  func stepClock(by milliseconds: Int64) {
    clockShift += milliseconds
    clockShiftInTurn += milliseconds
    clockSteps += 1
    lastClockStep = time
  }

  func boot() {
    boots += 1
    bootTime = time - second
  }

  /// While nobody has set the machine's clock.
  func trueTime(of wall: WallTime) -> Int64 { time - trueWall.since(wall).wholeNanoseconds }

  func trueTime(of monotonic: MonotonicTime) -> Int64 { monotonic.nanoseconds + bootTime }

  // MARK: Happening

  func plan(in delay: Int64, _ action: @escaping () -> Void) {
    schedule.add(at: time + max(0, delay), action)
  }

  func plan(at moment: Int64, _ action: @escaping () -> Void) {
    schedule.add(at: max(time, moment), action)
  }

  /// Forgets what was planned: it holds on to everything that it would have touched.
  func cancelPlans() { schedule = Schedule() }

  var nextTime: Int64? { schedule.first }

  /// Work takes time: the disk's, mostly.
  func pass(_ nanoseconds: Int64) {
    time += nanoseconds
  }

  func advance(to moment: Int64) {
    time = max(time, moment)
  }

  func runNext() {
    guard let item = schedule.removeFirst() else { return }
    time = max(time, item.time)
    item.action()
  }

  // MARK: Chance

  /// Whether the fault happens now; counted when it does.
  func happens(_ fault: Fault) -> Bool {
    guard faultsAreOn, let index = Fault.ordinal[fault] else { return false }
    let strength = dials.strength(of: fault)
    guard strength > 0, streams[index].chance(strength, in: 1_000_000) else { return false }
    hits[index] += 1
    return true
  }

  /// A number for a fault that has happened, from the fault's own stream.
  func below(_ bound: Int, for fault: Fault) -> Int {
    streams[Fault.ordinal[fault] ?? 0].below(bound)
  }

  // MARK: The record

  func note(_ kind: StaticString, _ subject: String, _ text: String = "") {
    trace.note(time, kind, subject, text)
  }

  func fail(_ invariant: Invariant, _ subject: String, _ text: String) {
    guard violation == nil else { return }
    note("VIOLATION", subject, "\(invariant.rawValue): \(text)")
    violation = Violation(invariant: invariant, subject: subject, text: text, time: time)
  }
}

/// What must hold after every step. The raw values are how failures quote them.
package enum Invariant: String, CaseIterable, Hashable, Sendable {
  case noSecondOrder = "no-second-order"
  case acknowledgedIsDurable = "acknowledged-is-durable"
  case filledAtMostOrdered = "filled-at-most-ordered"
  case oursIsKnown = "ours-is-known"
  case terminalNeverChanges = "terminal-never-changes"
  case backOffIsKept = "back-off-is-kept"
  case weightsWithinPools = "weights-within-pools"
  case nothingSentUnguarded = "nothing-sent-expired-or-unguarded"
  case fileLifeIsKept = "file-life-is-kept"
  case armedBeforeSent = "armed-before-sent"
  case historyIsState = "history-is-state"
  case nothingInFlightForEver = "nothing-in-flight-for-ever"
  case oneDispositionEach = "one-disposition-each"
  case absenceIsProved = "absence-is-proved"
  case capsHold = "caps-hold"
  case truthIsFound = "truth-is-found"
  case modesStayApart = "modes-stay-apart"
  case storeIsUsedWell = "store-is-used-well"
  case othersTrade = "others-trade"
  case fillsCountOnce = "fills-count-once"
  case noFillMissed = "no-fill-missed-too-long"
  case unsentIsNotGivenUp = "unsent-is-not-given-up"
  case ordersAreAsAsked = "orders-are-as-asked"
  case commandsAreDone = "commands-are-done"
  case goodSignalsTrade = "good-signals-trade"
}

package struct Violation: Hashable, Sendable {
  package let invariant: Invariant
  package let subject: String
  package let text: String
  /// Nanoseconds since the run began.
  package let time: Int64
}
