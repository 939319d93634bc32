import Domain
import Execution
import Matching
import Platform
import Store

/// The operator restarts the daemon in another mode for a while: over the live database, which must
/// be refused, or over a database and a spool of the mode's own.
final class OtherModes {
  /// What a mode has of its own.
  private final class Place {
    let mode: TradingMode
    let disk = SimulatedDisk()
    let spool: SimulatedSpool
    let oracle: Oracle
    var signals = 0

    init(_ mode: TradingMode, _ world: World) {
      self.mode = mode
      spool = SimulatedSpool(world)
      oracle = Oracle(world, mode: mode)
    }
  }

  private let world: World
  /// Where the operator wants to restart in another mode over the live database.
  private let start: (Run) -> SimulatedProcess
  private lazy var places = [Place(.paper, world), Place(.validate, world)]
  /// The operator has stopped the daemon for it.
  private(set) var isWanted = false
  /// The run under way.
  private(set) var process: SimulatedProcess?

  /// A start in another mode.
  struct Run {
    let mode: TradingMode
    /// `nil` is the live database's.
    let own: (disk: SimulatedDisk, spool: SimulatedSpool, oracle: Oracle)?
  }

  init(_ world: World, start: @escaping (Run) -> SimulatedProcess) {
    self.world = world
    self.start = start
  }

  func want() { isWanted = true }

  /// Starts the run that is wanted. It ends by itself, or the operator ends it.
  func begin() {
    isWanted = false
    let place = places[world.below(places.count, for: .modeChange)]
    let isOwn = world.below(2, for: .modeChange) == 0
    world.note("starts in another mode", place.mode.rawValue, isOwn ? "own" : "live database")
    let process = start(
      Run(mode: place.mode, own: isOwn ? (place.disk, place.spool, place.oracle) : nil))
    self.process = process
    if isOwn { sendSignals(to: place) }
    let length = Int64(2_000 + world.below(8_000, for: .modeChange)) * millisecond
    world.plan(in: length / 2) { [weak process] in process?.command(.cancelAll) }
    world.plan(in: length) { [weak process] in process?.stop() }
  }

  private func sendSignals(to place: Place) {
    for _ in 0..<world.below(4, for: .modeChange) {
      place.signals += 1
      guard let id = SignalID("\(place.mode.rawValue)\(place.signals)") else { continue }
      let symbol = SimulatedNetwork.listings[world.below(3, for: .modeChange)].symbol
      let text = """
        {"id":"\(id)","symbol":"\(symbol)","side":"buy","quote_quantity":"20","ttl_seconds":30}
        """
      _ = place.spool.deliver("\(id).json", Array(text.utf8), of: id, isSynced: true)
    }
  }

  /// Whether the run was `dead`; it is over then, and the live daemon starts again.
  func end(_ dead: SimulatedProcess) -> Bool {
    guard process === dead else { return false }
    process = nil
    return true
  }

  func losePower(_ draw: inout SplitMix64) {
    for place in places {
      place.oracle.powerWasLost()
      place.disk.losePower(seed: draw.next(), lossPercent: 100)
      _ = place.spool.losePower(&draw)
    }
  }
}
