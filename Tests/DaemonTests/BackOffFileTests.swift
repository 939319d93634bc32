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

  @Test func `the later end counts`() {
    file.keep(record(60))
    #expect(file.longer(than: nil, at: now) == record(60))
    #expect(file.longer(than: record(30), at: now) == record(60))
    #expect(file.longer(than: record(90), at: now) == record(90))
    #expect(file.longer(than: nil, at: now.advanced(by: .seconds(61))) == nil)
  }

  @Test func `one that is over or withdrawn is gone`() throws {
    file.keep(record(60))
    file.keep(nil)
    file.keep(nil)
    #expect(file.longer(than: nil, at: now) == nil)
    #expect(try scratch.files().isEmpty)
    #expect(try journal.lines(of: logger) == 0)
  }

  @Test func `that of another exchange is none`() throws {
    let other = BackOffFile(in: scratch.path, exchange: "https://b", logger)
    other.keep(record(60))
    #expect(file.longer(than: nil, at: now) == nil)
    file.keep(record(30))
    #expect(file.longer(than: nil, at: now) == record(30))
    file.keep(nil)
    #expect(other.longer(than: nil, at: now) == record(60))
    #expect(try journal.lines(of: logger) == 0)
  }

  @Test(arguments: ["", "no JSON", "{}", #"{"exchange":"https://a","back_off":{}}"#])
  func `what cannot be read is ignored, with a warning`(_ text: String) throws {
    file.keep(record(60))
    let path = try #require(try scratch.files().first?.path)
    try scratch.write(String(try #require(path.split(separator: "/").last)), text)
    #expect(file.longer(than: record(30), at: now) == record(30))
    #expect(try journal.lines(of: logger) == 1)
  }

  @Test func `a folder that cannot be written to is told`() throws {
    let lost = BackOffFile(in: scratch("none"), exchange: "https://a", logger)
    lost.keep(record(60))
    #expect(try journal.lines(of: logger) == 1)
    #expect(lost.longer(than: nil, at: now) == nil)
  }
}
