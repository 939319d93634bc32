/// Text within a page.
enum HTMLText {
  /// What strangers wrote shows as they wrote it, and is never markup.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// A table; `numbers` are the columns that end at the right.
  static func table(
    _ caption: String, _ heads: [String], _ rows: [[String]], numbers: Set<Int> = []
  ) -> String {
    func row(_ cells: [String], _ tag: String, _ more: String) -> String {
      "<tr>"
        + cells.enumerated().map { column, cell in
          let style = numbers.contains(column) ? " class=number" : ""
          return "<\(tag)\(more)\(style)>\(escaped(cell))</\(tag)>"
        }.joined() + "</tr>"
    }
    return "<div class=scroll><table><caption>\(escaped(caption))</caption><thead>"
      + row(heads, "th", " scope=col") + "</thead><tbody>"
      + rows.map { row($0, "td", "") }.joined() + "</tbody></table></div>"
  }
}
