import Domain
import Foundation
import Glibc
import JSON
import Platform
import Testing

@Suite struct `The log` {
  private static let time = WallTime(milliseconds: 1_790_331_072_345)

  private func line(
    _ format: LogFormat, _ level: LogLevel = .info, _ message: String = "order placed",
    _ fields: [LogField] = []
  ) throws -> String {
    let pipe = try Pair.pipe()
    let logger = Logger(level: .debug, format: format, descriptor: pipe.near) { Self.time }
    logger.log(level, message, fields)
    return available(pipe.far)
  }

  @Test func `each format writes one line with the fields in their order`() throws {
    let fields = [
      LogField("signal", "a-1"), LogField("price", "65000.10"), LogField("note", "two words"),
      LogField("empty", ""), LogField("count", 3),
    ]
    #expect(
      try line(.journal, .error, fields)
        == "<3>order placed signal=a-1 price=65000.10 note=\"two words\" empty=\"\" count=3\n")
    #expect(
      try line(.logfmt, .warning, fields)
        == "time=2026-09-25T10:11:12.345Z level=warning msg=\"order placed\" signal=a-1"
        + " price=65000.10 note=\"two words\" empty=\"\" count=3\n")
    #expect(
      try line(.json, .debug, fields)
        == "{\"time\":\"2026-09-25T10:11:12.345Z\",\"level\":\"debug\",\"msg\":\"order placed\","
        + "\"signal\":\"a-1\",\"price\":\"65000.10\",\"note\":\"two words\",\"empty\":\"\","
        + "\"count\":\"3\"}\n")
  }

  private func line(
    _ format: LogFormat, _ level: LogLevel, _ fields: [LogField]
  ) throws -> String {
    try line(format, level, "order placed", fields)
  }

  @Test(arguments: [
    ("a\n<3>forged", #""a\n<3>forged""#),
    ("\u{1B}[2J", #""\u001b[2J""#),
    ("a=b", #""a=b""#),
    ("say \"hi\"", #""say \"hi\"""#),
    ("back\\slash", #""back\\slash""#),
    ("\u{85}\u{9B}", #""\u0085\u009b""#),
    ("\u{2028}", #""\u2028""#),
    ("\u{202E}abc", #""\u202eabc""#),
    ("\u{0}", #""\u0000""#),
    ("tab\there", #""tab\there""#),
    ("größer→", "größer→"),
    ("\u{A0}", "\"\u{A0}\""),
  ])
  func `a hostile value stays inside its quotation marks`(value: String, text: String) throws {
    #expect(try line(.journal, .info, [LogField("id", value)]) == "<6>order placed id=\(text)\n")
  }

  @Test func `a hostile message cannot begin a line of its own`() throws {
    #expect(try line(.journal, .info, "a\n<3>b \u{1B}[m", []) == "<6>a\\n<3>b \\u001b[m\n")
  }

  @Test func `bytes that are no text are shown as bytes`() throws {
    let field = LogField("file", bytes: [0x61, 0xFF, 0x0A, 0xC3, 0xA9, 0xC3])
    #expect(
      try line(.journal, .info, [field])
        == "<6>order placed file=\"a\\\\xff\\\\né\\\\xc3\"\n")
  }

  @Test(arguments: [LogFormat.journal, .logfmt, .json])
  func `a line is bounded and stays well-formed`(format: LogFormat) throws {
    let long = String(repeating: "ä\n", count: 4_000)
    let fields = ["a", "b", "c", "d", "e", "f"].map { (_: String) in LogField("key", long) }
    let text = try line(format, .info, long, fields)
    #expect(text.utf8.count <= 4_000)
    #expect(text.utf8.count > 3_500)
    #expect(text.filter { $0 == "\n" }.count == 1)
    #expect(text.contains("…"))
    if format == .json {
      let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
      #expect((object as? [String: String])?["msg"]?.hasPrefix("ä\nä\n") == true)
    }
  }

  @Test func `less important lines are left out`() throws {
    let pipe = try Pair.pipe()
    let logger = Logger(level: .warning, format: .journal, descriptor: pipe.near)
    logger.log(.info, "no")
    logger.log(.warning, "yes")
    logger.level = .info
    logger.log(.notice, "soon")
    logger.log(.debug, "no")
    logger.level = .debug
    logger.log(.debug, "now")
    #expect(available(pipe.far) == "<4>yes\n<5>soon\n<7>now\n")
  }

  @Test func `levels have their names`() {
    #expect(LogLevel.allCases.map(\.name) == ["error", "warning", "notice", "info", "debug"])
    #expect(LogLevel(name: "warning") == .warning)
    #expect(LogLevel(name: "Warning") == nil)
    #expect(LogLevel.error < .debug)
  }

  @Test(arguments: [true, false])
  func `a reader that does not read never stops the writer`(isSocket: Bool) throws {
    let pair = isSocket ? try Pair.socket() : try Pair.pipe()
    let logger = Logger(level: .info, format: .journal, descriptor: pair.near)
    let value = String(repeating: "x", count: 900)
    for number in 0..<2_000 {
      logger.log(.info, "line", [LogField("number", number), LogField("value", value)])
    }
    #expect(logger.dropped > 0)
    let lost = logger.dropped
    var text = ""
    for _ in 0..<100 {
      text += available(pair.far)
      logger.flush()
    }
    logger.log(.info, "after")
    text += available(pair.far)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 2_000 - lost + 2)
    #expect(lines.first?.hasPrefix("<6>line number=0 ") == true)
    #expect(lines[lines.count - 3].hasPrefix("<6>line number=\(2_000 - lost - 1) "))
    #expect(
      lines[lines.count - 2]
        == "<4>log lines were lost because nobody read them in time lines=\(lost)")
    #expect(lines.last == "<6>after")
    #expect(logger.dropped == lost)
  }

  @Test func `a reader that is gone costs only the lines`() throws {
    let pair = try Pair.socket()
    let logger = Logger(level: .info, format: .journal, descriptor: pair.near)
    pair.close(pair.far)
    logger.log(.info, "nobody hears")
    logger.log(.info, "nobody hears")
    #expect(logger.dropped == 2)
  }

  @Test func `the journal is recognised by its device and inode`() throws {
    let pair = try Pair.pipe()
    let status = try #require(FileStatus.of(pair.near))
    func format(_ value: String?) -> LogFormat {
      Logger.suitableFormat(descriptor: pair.near) { $0 == "JOURNAL_STREAM" ? value : nil }
    }
    #expect(format("\(status.device):\(status.inode)") == .journal)
    #expect(format("\(status.device):\(status.inode + 1)") == .logfmt)
    #expect(format(nil) == .logfmt)
  }
}
