import Domain
import Glibc
import Platform

/// The producer's side of a spool: files made elsewhere and renamed in, and the notice of results.
final class SpoolDropper {
  private let staging: Directory
  private let incoming: Directory
  private let bench: Bench
  private var watch: DirectoryWatch?
  private var results: [[UInt8]: MonotonicTime] = [:]

  init(_ bench: Bench, in directory: String) throws {
    self.bench = bench
    let spool = directory + "/spool"
    staging = try Directory(making: directory + "/staging", mode: 0o700)
    incoming = try Directory(path: spool + "/incoming")
    watch = try DirectoryWatch(path: spool + "/done", loop: bench.loop) { [weak self] event in
      self?.take(event)
    }
  }

  func close() { watch?.close() }

  private func take(_ event: DirectoryEvent) {
    guard case .movedIn(let name) = event else { return }
    results[name] = Clock.monotonic()
  }

  private func name(of signal: BenchSignal) -> [UInt8] { Array("\(signal.id).json".utf8) }

  /// Writes the file where nobody looks.
  func prepare(_ signal: BenchSignal) throws {
    try staging.writeWhole(
      name(of: signal), signal.bytes, mode: 0o600, temporary: Directory.temporaryName)
  }

  /// Renames the prepared file in; answers with the moment just before.
  func drop(_ signal: BenchSignal) throws -> MonotonicTime {
    let name = name(of: signal)
    let start = Clock.monotonic()
    try staging.rename(name, to: incoming, as: name)
    return start
  }

  /// From the rename of the prepared file to the signal's order on the wire.
  func timeToWire(
    of signal: BenchSignal, as order: ClientOrderID, within deadline: Duration,
    by program: some ProgramUnderTest
  ) throws -> Duration {
    let log = try bench.exchange().exchange.log
    let start = try drop(signal)
    let arrival = try bench.time("the order of a signal", for: deadline, of: program) {
      log.arrival(of: order)
    }
    return arrival.since(start)
  }

  /// Whether nobody has taken the file yet.
  func isWaiting(_ signal: BenchSignal) -> Bool { incoming.contains(name(of: signal)) }

  /// When the result was seen in done/.
  func result(of signal: BenchSignal) -> MonotonicTime? {
    results[name(of: signal) + Array(".result.json".utf8)]
  }
}
