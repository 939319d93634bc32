/// A signal's text as the one line that the signal socket takes.
package enum SignalLine {
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")
  private static let space = UInt8(ascii: " ")

  /// Between the values of a text a line end is white space, and a blank in its place changes nothing.
  /// Inside a string it makes the text no strict JSON, and so does the carriage return that is left
  /// there: no such line is a signal.
  package static func of(_ text: [UInt8]) -> [UInt8] {
    // The socket passes over empty lines without an answer.
    if text.isEmpty { return [space] }
    var line = text
    var isInString = false
    var isEscaped = false
    for index in line.indices {
      let byte = line[index]
      if byte == lineFeed || byte == carriageReturn {
        line[index] = isInString ? carriageReturn : space
      }
      if byte == UInt8(ascii: "\""), !isEscaped { isInString.toggle() }
      isEscaped = byte == UInt8(ascii: "\\") && isInString && !isEscaped
    }
    return line
  }
}
