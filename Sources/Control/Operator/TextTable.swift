/// A table for a person: columns two spaces apart, each as wide as its longest cell.
struct TextTable {
  /// A column of words is cut to so many characters at the least.
  private static let narrowest = 8
  private static let gap = 2

  private let heads: [String]
  /// Columns that end at the same place, and are never cut: half a number is a wrong one.
  private let numbers: Set<Int>
  /// Columns that are never cut, because a person copies what stands in them.
  private let whole: Set<Int>
  /// `nil` leaves every cell as it is.
  private let maximumWidth: Int?
  private var widths: [Int] = []

  init(_ heads: [String], numbers: Set<Int>, whole: Set<Int> = [], maximumWidth: Int?) {
    self.heads = heads
    self.numbers = numbers
    self.whole = whole
    self.maximumWidth = maximumWidth
  }

  /// The heads and the rows.
  mutating func text(_ rows: [[String]]) -> String {
    fit([heads] + rows)
    return ([heads] + rows).map(line).joined(separator: "\n")
  }

  /// Rows below those of `text`: where they are wider, the columns are from then on.
  mutating func continued(_ rows: [[String]]) -> String {
    fit(rows)
    return rows.map(line).joined(separator: "\n")
  }

  private mutating func fit(_ rows: [[String]]) {
    widths = heads.indices.map { column in
      (rows.map { $0[column].count } + [widths.isEmpty ? 0 : widths[column]]).max() ?? 0
    }
    guard let maximumWidth else { return }
    let heads = heads
    let floors = heads.indices.map { column in
      numbers.contains(column) || whole.contains(column)
        ? widths[column] : min(widths[column], max(Self.narrowest, heads[column].count))
    }
    var surplus = widths.reduce(Self.gap * (heads.count - 1), +) - maximumWidth
    // The last column is the longest text, and says least in a list.
    for column in heads.indices.reversed() where surplus > 0 {
      let cut = min(surplus, widths[column] - floors[column])
      widths[column] -= cut
      surplus -= cut
    }
  }

  private func line(_ row: [String]) -> String {
    var line = ""
    for (column, cell) in row.enumerated() {
      let width = widths[column]
      let shown = cell.count > width ? cell.prefix(width - 1) + "…" : cell
      let padding = String(repeating: " ", count: width - shown.count)
      line += column == 0 ? "" : String(repeating: " ", count: Self.gap)
      line += numbers.contains(column) ? padding + shown : shown + padding
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}
