import JSON

enum JSONCheck {
  static func check(_ input: [UInt8]) throws(Broken) {
    let strict = try read(input, .strict)
    let wide = try read(input, .json5)
    if let strict {
      try require(wide == strict, "JSON that is not the same as JSON5")
      try checkPrefix(of: input)
    }
    guard let wide else { return }
    let kept = try? JSONReader.read(input, dialect: .json5, repeatedNames: .kept)
    try require(kept == wide, "keeping repeated names changed a text without any")
    let compact = wide.compactText()
    try require(try again(compact) == wide, "written on one line it reads as another value")
    try requireOneLine(compact)
    let pretty = wide.prettyText()
    try require(try again(pretty) == wide, "written on many lines it reads as another value")
    try require(haveSameBytes(try again(pretty).compactText(), compact), "written twice it changes")
  }

  private static func read(
    _ input: [UInt8], _ dialect: JSONDialect
  ) throws(Broken) -> JSONValue? {
    do throws(JSONError) {
      return try JSONReader.read(input, dialect: dialect)
    } catch {
      try requireMessage(error.description)
      let position = error.position
      try require(
        (0...input.count).contains(position.offset) && position.line >= 1 && position.column >= 1,
        "an error that points outside the text")
      return nil
    }
  }

  private static func again(_ text: String) throws(Broken) -> JSONValue {
    do throws(JSONError) {
      return try JSONReader.read(text)
    } catch {
      throw Broken("what was written cannot be read: \(error)")
    }
  }

  /// The beginning of a good text is good, or is said to have been cut off.
  private static func checkPrefix(of input: [UInt8]) throws(Broken) {
    let end = place(in: input)
    do throws(JSONError) {
      _ = try JSONReader.read(Array(input[..<end]))
    } catch {
      try require(error.isIncomplete, "the first \(end) bytes of a good text: \(error)")
    }
  }
}
