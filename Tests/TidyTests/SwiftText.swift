/// Just enough of Swift's grammar to tell code from comments and strings.
enum SwiftText {
  /// The text with the same lines, and blanks for comments, for what stands in strings, and for names
  /// in backticks. Strings keep their outer quotes.
  static func code(of text: String) -> String {
    var scanner = Scanner(Array(text.utf8))
    scanner.run()
    return String(decoding: scanner.output, as: UTF8.self)
  }

  private struct Scanner {
    private let input: [UInt8]
    private var place = 0
    private(set) var output: [UInt8] = []

    init(_ input: [UInt8]) {
      self.input = input
      output.reserveCapacity(input.count)
    }

    mutating func run() {
      while place < input.count { step() }
    }

    private func starts(_ text: StaticString) -> Bool {
      text.withUTF8Buffer { wanted in
        unsafe place + wanted.count <= input.count
          && zip(wanted, input[place...]).allSatisfy { $0 == $1 }
      }
    }

    private mutating func keep(_ count: Int = 1) {
      output += input[place..<min(place + count, input.count)]
      place += count
    }

    private mutating func blank(_ count: Int = 1) {
      for byte in input[place..<min(place + count, input.count)] {
        output.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
      }
      place += count
    }

    /// One token of code, or a whole comment or string.
    private mutating func step() {
      if starts("//") {
        while place < input.count, input[place] != UInt8(ascii: "\n") { blank() }
      } else if starts("/*") {
        comment()
      } else if input[place] == UInt8(ascii: "`") {
        keep()
        while place < input.count, input[place] != UInt8(ascii: "`") { blank() }
        if place < input.count { keep() }
      } else if input[place] == UInt8(ascii: "\"") || input[place] == UInt8(ascii: "#") {
        string()
      } else {
        keep()
      }
    }

    private mutating func comment() {
      var depth = 0
      repeat {
        if starts("/*") {
          depth += 1
          blank(2)
        } else if starts("*/") {
          depth -= 1
          blank(2)
        } else {
          blank()
        }
      } while depth > 0 && place < input.count
    }

    private mutating func string() {
      let hashes = input[place...].prefix { $0 == UInt8(ascii: "#") }.count
      guard place + hashes < input.count, input[place + hashes] == UInt8(ascii: "\"") else {
        return keep(max(1, hashes))
      }
      let quotes = input[(place + hashes)...].prefix { $0 == UInt8(ascii: "\"") }.count
      let isLong = quotes >= 3
      // Two quotes in a row are an empty string.
      if quotes == 2 { return keep(2 * hashes + 2) }
      let width = isLong ? 3 : 1
      keep(hashes + width)
      let marks = [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
      let end = [UInt8](repeating: UInt8(ascii: "\""), count: width) + marks
      let escape = [UInt8(ascii: "\\")] + marks
      while place < input.count, !input[place...].starts(with: end) {
        guard input[place...].starts(with: escape) else {
          blank()
          continue
        }
        blank(escape.count)
        if place < input.count, input[place] == UInt8(ascii: "(") {
          interpolation()
        } else {
          blank()
        }
      }
      keep(end.count)
    }

    /// Its code counts as part of the string.
    private mutating func interpolation() {
      let start = output.count
      var depth = 0
      repeat {
        if input[place] == UInt8(ascii: "(") { depth += 1 }
        if input[place] == UInt8(ascii: ")") { depth -= 1 }
        step()
      } while depth > 0 && place < input.count
      for index in output.indices[start...] where output[index] != UInt8(ascii: "\n") {
        output[index] = UInt8(ascii: " ")
      }
    }
  }
}
