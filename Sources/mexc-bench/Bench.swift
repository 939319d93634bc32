import Domain
import Glibc
import Platform

/// What the measurements share: one loop, a scratch directory, an exchange.
final class Bench {
  enum Scheme: String, CaseIterable {
    case http, https
  }

  let loop: EventLoop
  let extent: BenchOptions.Extent
  let scratch: Scratch
  let daemonPath: String
  private(set) var isStopping = false
  private var signals: PosixSignalWatch?
  private var running: (exchange: TimingExchange, certificate: Certificate)?
  private var names = 0

  /// The end of a child is noticed so late at the most.
  private static let glance = Duration.milliseconds(20)

  init(_ options: BenchOptions) throws {
    extent = options.extent
    loop = try EventLoop()
    scratch = try Scratch(in: options.directory)
    daemonPath = try Self.neighbour("mexc-signald")
    // Before the exchange's thread is made.
    signals = try PosixSignalWatch(loop: loop) { [weak self] request in
      if request == .stop { self?.isStopping = true }
    }
  }

  /// A program in the directory of this one.
  static func neighbour(_ name: String) throws -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { throw SystemError.last("readlink", "/proc/self/exe") }
    let own = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let path = own[..<(own.lastIndex(of: "/") ?? own.startIndex)] + "/" + name
    guard unsafe access(String(path), X_OK) == 0 else {
      throw BenchError.failed(
        "\(path) is missing, and it is what would be measured; "
          + "build it with: swift build -c release")
    }
    return String(path)
  }

  /// The exchange, started by the first who asks.
  func exchange() throws -> (exchange: TimingExchange, certificate: Certificate) {
    if let running { return running }
    let certificate = try Certificate(in: scratch.path, self)
    let log = WireLog(waking: loop.waker)
    let made = (try TimingExchange(certificate, log: log), certificate)
    running = made
    return made
  }

  func close() {
    running?.exchange.close()
    running = nil
  }

  /// A new directory in the scratch directory.
  func newDirectory(_ name: String) throws -> String {
    names += 1
    let path = "\(scratch.path)/\(name)-\(names)"
    try Directory.make(path, mode: 0o700)
    return path
  }

  /// A daemon's folder once more, of the same name: that is its account.
  func copy(_ directory: String) throws -> String {
    let name = directory.split(separator: "/").last.map(String.init) ?? ""
    let copy = "\(try newDirectory("copy"))/\(name)"
    try run("cp", ["-a", directory, copy])
    return copy
  }

  func remove(_ directory: String) throws { try run("rm", ["-rf", directory]) }

  private func run(_ tool: String, _ arguments: [String]) throws {
    let process = try ChildProcess(
      path: tool, arguments: arguments, environment: [], log: scratch.path + "/tools.log")
    try wait("\(tool) to end", for: .seconds(600)) { process.hasEnded }
    guard process.hasSucceeded else { throw BenchError.failed("\(tool) failed") }
  }

  /// Turns the loop until `condition` holds.
  func wait(
    _ what: @autoclosure () -> String, for duration: Duration, _ condition: () throws -> Bool
  ) throws {
    let deadline = Clock.monotonic().advanced(by: duration)
    while try !condition() {
      if isStopping { throw BenchError.interrupted }
      let now = Clock.monotonic()
      guard now < deadline else {
        throw BenchError.failed("waited \(duration) in vain for \(what())")
      }
      try loop.turn(until: min(deadline, now.advanced(by: Self.glance)))
    }
  }

  /// Lets time pass.
  func pass(_ duration: Duration) throws {
    let deadline = Clock.monotonic().advanced(by: duration)
    while Clock.monotonic() < deadline {
      if isStopping { throw BenchError.interrupted }
      try loop.turn(until: deadline)
    }
  }

  /// Waits for an event of a program, and says when it was.
  func time(
    _ what: String, for duration: Duration, of program: some ProgramUnderTest,
    _ event: () -> MonotonicTime?
  ) throws -> MonotonicTime {
    var time = event()
    try wait(what + program.lastWords, for: duration) {
      if program.process.hasEnded { throw program.failure("\(program.name) ended by itself") }
      time = event()
      return time != nil
    }
    guard let time else { throw BenchError.failed("no \(what)") }
    return time
  }

  /// The promise that everything here is built on; a figure about a broken one is worth nothing.
  func checkAtMostOnce() throws {
    guard let exchange = running?.exchange else { return }
    if let order = exchange.log.repeated.first {
      throw BenchError.failed("the order \(order) arrived more than once")
    }
  }
}
