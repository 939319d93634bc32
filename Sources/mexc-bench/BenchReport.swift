import Domain
import JSON

/// One measured figure.
enum BenchValue {
  case time(nanoseconds: Int64)
  case bytes(Int)
  case count(Int)
  case ratio(Double)
}

/// One line of a table.
struct BenchRow {
  let label: String
  /// Column and figure. The rows of a section have the same columns.
  let values: [(String, BenchValue)]
}

/// What one measurement found.
struct BenchSection {
  /// The unit in which a table shows times; long ones among microseconds are shown in milliseconds.
  enum Unit {
    case nanoseconds, microseconds, milliseconds

    var nanosecondsEach: Int64 {
      switch self {
      case .nanoseconds: 1
      case .microseconds: 1_000
      case .milliseconds: 1_000_000
      }
    }
  }

  let name: String
  let title: String
  let unit: Unit
  var rows: [BenchRow]
  /// What a reader should know about the figures.
  var notes: [String] = []
}

// MARK: - For a person

extension BenchSection {
  /// The section as a table, with a line end after each line.
  var text: String {
    guard let columns = rows.first?.values.map(\.0) else { return "" }
    let head = [""] + columns
    let lines = [head] + rows.map { row in [row.label] + row.values.map { shown($0.1) } }
    let widths = head.indices.map { column in
      lines.map { $0[column].count }.max() ?? 0
    }
    var text = title + "\n"
    for line in lines {
      let cells = line.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + padding : padding + cell
      }
      let joined = cells.joined(separator: "  ")
      text += "  " + joined + "\n"
    }
    for note in notes { text += "  \(note)\n" }
    return text
  }

  private func shown(_ value: BenchValue) -> String {
    switch value {
    case .time(let nanoseconds):
      switch unit {
      case .nanoseconds: "\(nanoseconds) ns"
      case .microseconds where nanoseconds < 10 * Unit.milliseconds.nanosecondsEach:
        Self.tenths(nanoseconds, of: Unit.microseconds.nanosecondsEach) + " µs"
      case .microseconds, .milliseconds:
        Self.tenths(nanoseconds, of: Unit.milliseconds.nanosecondsEach) + " ms"
      }
    case .bytes(let bytes): Self.tenths(Int64(bytes), of: 1_048_576) + " MiB"
    case .count(let count): String(count)
    case .ratio(let ratio): Self.hundredths(ratio)
    }
  }

  private static func hundredths(_ ratio: Double) -> String {
    let digits = String(Int((ratio * 100).rounded()))
    let padded = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    return padded.dropLast(2) + "." + padded.suffix(2)
  }

  /// `value / unit`, rounded to one digit after the point.
  private static func tenths(_ value: Int64, of unit: Int64) -> String {
    let tenths = (value * 10 + unit / 2) / unit
    return "\(tenths / 10).\(tenths % 10)"
  }
}

// MARK: - For a program

extension BenchSection {
  var document: JSONValue {
    .array(
      rows.map { row in
        .object(pairs: [("what", .string(row.label))] + row.values.map(Self.member))
      })
  }

  /// The unit is part of the name.
  private static func member(_ column: String, _ value: BenchValue) -> (String, JSONValue) {
    let name = String(column.map { $0 == " " ? "_" : $0 })
    return switch value {
    case .time(let nanoseconds): (name + "_ns", .integer(nanoseconds))
    case .bytes(let bytes): (name + "_bytes", .integer(bytes))
    case .count(let count): (name, .integer(count))
    case .ratio(let ratio): (name, .number(hundredths(ratio)))
    }
  }
}
