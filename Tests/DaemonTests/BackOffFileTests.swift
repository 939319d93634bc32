import Daemon
import Domain
import Platform
import TestKit
import Testing

/// The back-off that the exchange demands, beside every database.
@Suite struct BackOffFileTests {
  private let scratch: Scratch
  private let journal: Journal
  private let logger: Logger
  private let file: BackOffFile
  private let now = Moment(
    wall: WallTime(milliseconds: 1_790_000_000_000),
    monotonic: MonotonicTime(nanoseconds: 5_000_000_000))

  init() throws {
    scratch = try Scratch()
    journal = try Journal()
    logger = Logger(level: .info, format: .logfmt, descriptor: journal.number)
    file = BackOffFile(in: scratch.path, exchange: "https://a", logger)
  }

  private func record(_ seconds: Int) -> BanRecord {
    BanRecord(
      until: now.wall.advanced(by: .seconds(seconds)), wait: .seconds(seconds), isBan: true,
      reason: "418", monotonicUntil: now.monotonic.advanced(by: .seconds(seconds)))
  }

  /// What a daemon that starts would find.
  private func kept(at now: Moment) -> BanRecord? {
    BackOffFile(in: scratch.path, exchange: "https://a", logger).longer(than: nil, at: now)
  }

  /// A wait in nanoseconds, as of a rest that a start has reckoned.
  private var unrounded: BanRecord {
    var rest = record(600)
    rest.wait = .nanoseconds(599_999_999_999)
    return rest
  }

  /// After so much time has passed, with the machine's clock set back by an hour.
  private func setBack(after passed: Duration) -> Moment {
    let then = now.advanced(by: passed)
    return Moment(wall: then.wall.advanced(by: .seconds(-3_600)), monotonic: then.monotonic)
  }

  @Test func `the later end counts`() {
    file.keep(record(60), at: now)
    #expect(file.longer(than: nil, at: now) == record(60))
    #expect(file.longer(than: record(30), at: now) == record(60))
    #expect(file.longer(than: record(90), at: now) == record(90))
    #expect(file.longer(than: nil, at: now.advanced(by: .seconds(61))) == nil)
  }

  @Test func `one that is over or withdrawn is gone`() throws {
    file.keep(record(60), at: now)
    file.keep(nil, at: now)
    file.keep(nil, at: now)
    #expect(file.longer(than: nil, at: now) == nil)
    #expect(try scratch.files().isEmpty)
    #expect(try journal.lines(of: logger) == 0)
  }

  @Test func `that of another exchange is none`() throws {
    let other = BackOffFile(in: scratch.path, exchange: "https://b", logger)
    other.keep(record(60), at: now)
    #expect(file.longer(than: nil, at: now) == nil)
    file.keep(record(30), at: now)
    #expect(file.longer(than: nil, at: now) == record(30))
    file.keep(nil, at: now)
    #expect(other.longer(than: nil, at: now) == record(60))
    #expect(try journal.lines(of: logger) == 0)
  }

  @Test func `a longer one of another daemon stays until it is over`() throws {
    let other = BackOffFile(in: scratch.path, exchange: "https://a", logger)
    other.keep(record(90), at: now)
    file.keep(record(60), at: now)
    #expect(kept(at: now) == record(90))
    let later = now.advanced(by: .seconds(60))
    file.keep(nil, at: later)
    #expect(kept(at: later) == record(90))
    // One that lasts longer still takes its place, and is not the other's to end.
    file.keep(record(120), at: later)
    let end = now.advanced(by: .seconds(90))
    other.keep(nil, at: end)
    #expect(kept(at: end) == record(120))
    file.keep(nil, at: now.advanced(by: .seconds(120)))
    #expect(try scratch.files().isEmpty)
    #expect(try journal.lines(of: logger) == 0)
  }

  @Test func `a clock that was set back does not make the own one another daemons`() throws {
    file.keep(unrounded, at: now)
    file.keep(nil, at: setBack(after: .seconds(10)))
    #expect(try scratch.files().isEmpty)
    file.keep(unrounded, at: now)
    file.keep(record(30), at: setBack(after: .seconds(10)))
    #expect(kept(at: now) == record(30))
  }

  /// By such a clock its whole wait is to go for an hour.
  @Test func `one of an earlier run is replaced and removed after the clock was set back`() throws {
    file.keep(unrounded, at: now)
    let next = BackOffFile(in: scratch.path, exchange: "https://a", logger)
    let start = setBack(after: .seconds(100))
    let rest = try #require(next.longer(than: nil, at: start)?.remaining(at: start))
    next.keep(rest, at: start.advanced(by: .milliseconds(5)))
    #expect(kept(at: start.advanced(by: .seconds(599)))?.until == rest.until)
    let end = start.advanced(by: .seconds(600))
    #expect(kept(at: end) == nil)
    next.keep(nil, at: end)
    #expect(try scratch.files().isEmpty)
    #expect(try journal.lines(of: logger) == 0)
  }

  @Test(arguments: ["", "no JSON", "{}", #"{"exchange":"https://a","back_off":{}}"#])
  func `what cannot be read is ignored, with a warning`(_ text: String) throws {
    file.keep(record(60), at: now)
    let path = try #require(try scratch.files().first?.path)
    try scratch.write(String(try #require(path.split(separator: "/").last)), text)
    #expect(file.longer(than: record(30), at: now) == record(30))
    #expect(try journal.lines(of: logger) == 1)
  }

  @Test func `a folder that cannot be written to is told`() throws {
    let lost = BackOffFile(in: scratch("none"), exchange: "https://a", logger)
    lost.keep(record(60), at: now)
    #expect(try journal.lines(of: logger) == 1)
    #expect(lost.longer(than: nil, at: now) == nil)
  }
}
