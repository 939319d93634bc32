/// Whether a run of the daemon can know how much of the exchange's pools is used.
struct PoolKnowledge {
  /// The pools count by ten seconds, and a request is under way for some time.
  private static let window = 12 * second

  /// Until when a run in another mode may have used the pools.
  private var otherRunUntil: Int64 = 0
  private var deaths: [Int64] = []
  private var clockStepsAtRestart: Int?
  /// When the power failed last before somebody set the clock of the dead machine.
  private var clockSetWhileOff: Int64?

  /// A run over another database uses the exchange's pools, of which this one knows nothing.
  mutating func otherRunBegins() { otherRunUntil = .max }

  mutating func otherRunEnds(at time: Int64) {
    if otherRunUntil == .max { otherRunUntil = time + Self.window }
  }

  mutating func died(_ world: World, machineRestarts: Bool) {
    deaths.append(world.time)
    let isFresh = world.time - world.lastClockStep < 2 * second
    clockStepsAtRestart = machineRestarts ? world.clockSteps - (isFresh ? 1 : 0) : nil
  }

  mutating func starts(_ world: World) {
    guard let steps = clockStepsAtRestart, steps != world.clockSteps else { return }
    clockSetWhileOff = deaths.last
  }

  /// What a run sends before its first commit, no later run knows of. The service manager waits five
  /// seconds between two starts, so that this stays small; here lives can follow quicker.
  ///
  /// Nor can a machine tell how long it was off when its clock was set meanwhile, or so shortly before
  /// that nothing was written since.
  func isExcused(at time: Int64) -> Bool {
    if time < otherRunUntil { return true }
    if let clockSetWhileOff, time - clockSetWhileOff < Self.window { return true }
    return deaths.count { time - $0 < Self.window } >= 2
  }
}
