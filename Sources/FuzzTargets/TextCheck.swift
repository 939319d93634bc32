import Domain
import Intake
import JSON
import Platform

/// Parts with `|` between them: a message, then values. The whole is also the name of a file.
enum TextCheck {
  /// Enough to fill a line.
  private static let keys = ["file", "id", "symbol", "reason", "note", "error", "source", "order"]
  /// A value of so many bytes is written whole, however it is escaped.
  private static let wholeMaximum = 40

  static func check(_ input: [UInt8]) throws(Broken) {
    try checkName(input)
    let parts = input.split(separator: 0x7C, omittingEmptySubsequences: false)
    let texts = parts.map { String(decoding: $0, as: UTF8.self) }
    var fields = [LogField("bytes", bytes: input)]
    for (key, text) in zip(keys, texts.dropFirst()) { fields.append(LogField(key, text)) }
    for format in [LogFormat.journal, .logfmt, .json] {
      let line = LogLine.render(
        .warning, texts[0], fields, format: format, at: ExchangeCheck.now)
      try checkLine(line)
      if case .json = format { try checkJSON(line, texts) }
    }
  }

  private static func checkLine(_ line: [UInt8]) throws(Broken) {
    try require(line.count <= LogLine.maximumBytes, "a line of \(line.count) bytes")
    try require(line.last == 0x0A, "a line without an end")
    guard let text = String(validating: line.dropLast(), as: UTF8.self) else {
      throw Broken("a line that is no text")
    }
    try requireOneLine(text)
    for scalar in text.unicodeScalars {
      switch scalar.value {
      // What reorders the text after it (Unicode, annex 9).
      case 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: throw Broken("a reordering mark")
      default: break
      }
    }
  }

  private static func checkJSON(_ line: [UInt8], _ texts: [String]) throws(Broken) {
    // Good JSON, which our reader refuses all the same.
    guard !texts.contains(where: { $0.utf8.contains(0) }) else { return }
    guard let value = try? JSONReader.read(Array(line.dropLast())) else {
      throw Broken("a JSON line that is none")
    }
    for (key, text) in zip(["msg"] + keys.prefix(2), texts) where text.utf8.count <= wholeMaximum {
      guard let written = value[key]?.stringValue else { throw Broken("\(key) is not there") }
      try require(haveSameBytes(written, text), "\(key) reads as another text")
    }
  }

  private static func checkName(_ name: [UInt8]) throws(Broken) {
    // What Linux allows (path_resolution(7)).
    guard (1...SpoolName.maximumBytes).contains(name.count), !name.contains(0x2F),
      !name.contains(0)
    else { return }
    let isText = String(validating: name, as: UTF8.self) != nil
    var made = [1, 2, 10, 1_000_000].map { SpoolName.numbered(name, $0) }
    made += [".result.json", ".reason.json"].map { SpoolName.fitting(name, suffix: $0) }
    for other in made {
      try require(other.count <= SpoolName.maximumBytes, "a name of \(other.count) bytes")
      try require(!other.contains(0x2F) && !other.contains(0), "a name that leads elsewhere")
      try require(
        (other.first == UInt8(ascii: ".")) == (name.first == UInt8(ascii: ".")),
        "hidden, or no longer")
      try require(
        SpoolName.isCandidate(other) || !SpoolName.isCandidate(name), "no longer a file to read")
      try require(
        !isText || String(validating: other, as: UTF8.self) != nil, "a character cut in two")
    }
    try require(Set(made).count == made.count, "two names are the same")
  }
}
