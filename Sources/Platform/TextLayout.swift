/// Text in lines that fit a page.
package enum TextLayout {
  /// A terminal of 80 columns, less one: some break a line that fills them.
  package static let width = 79

  /// The texts, each beginning a line, broken between words. The first line of all begins with
  /// `first`, every other one with `next`.
  package static func wrapped(
    _ texts: [String], first: String = "", next: String = ""
  ) -> String {
    var lines: [String] = []
    for text in texts {
      var line = lines.isEmpty ? first : next
      var isEmpty = true
      for word in text.split(separator: " ") {
        if !isEmpty, line.count + 1 + word.count > width {
          lines.append(line)
          line = next
          isEmpty = true
        }
        line += isEmpty ? String(word) : " " + word
        isEmpty = false
      }
      lines.append(line)
    }
    return lines.joined(separator: "\n")
  }
}
