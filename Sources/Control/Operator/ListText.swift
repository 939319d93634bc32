import Domain
import JSON
import Platform

/// Lists as tables for a person.
enum ListText {
  static func signals(_ list: JSONValue) -> String {
    let rows = (list.arrayValue ?? []).map { row in
      [
        shown(row["received_at"]), shown(row["id"]), shown(row["symbol"]), shown(row["side"]),
        shown(row["type"]), state(row), shown(row["executed_quantity"]),
        shown(row["average_price"]), shown(row["message"]),
      ]
    }
    if rows.isEmpty { return "no signals" }
    return table(
      ["RECEIVED", "ID", "SYMBOL", "SIDE", "TYPE", "STATE", "EXECUTED", "AVERAGE", "MESSAGE"],
      rows, numbers: [6, 7])
  }

  static func orders(_ list: JSONValue) -> String {
    let rows = (list.arrayValue ?? []).map { row in
      [
        shown(row["created_at"]), shown(row["signal_id"]), shown(row["symbol"]),
        shown(row["side"]), shown(row["type"]), amount(row), shown(row["price"]),
        shown(row["status"]), shown(row["executed_quantity"]), shown(row["average_price"]),
        shown(row["order_id"]), shown(row["reason"]),
      ]
    }
    if rows.isEmpty { return "no orders" }
    return table(
      [
        "CREATED", "SIGNAL", "SYMBOL", "SIDE", "TYPE", "AMOUNT", "PRICE", "STATUS", "EXECUTED",
        "AVERAGE", "ORDER ID", "REASON",
      ], rows, numbers: [5, 6, 8, 9])
  }

  /// What became of the order, or why there is none.
  private static func state(_ row: JSONValue) -> String {
    let status = row["order_status"]?.stringValue
    return ByteText.printable(status ?? row["decision"]?.stringValue ?? "")
  }

  private static func amount(_ row: JSONValue) -> String {
    if let quantity = row["quantity"]?.stringValue { return ByteText.printable(quantity) }
    return shown(row["quote_quantity"]) + " quote"
  }

  /// What strangers wrote cannot break the table; nothing shows as a dash.
  private static func shown(_ value: JSONValue?) -> String {
    let text = value?.stringValue ?? value?.numberValue ?? ""
    return text.isEmpty ? "-" : ByteText.printable(text)
  }

  /// Columns two spaces apart; those in `numbers` end at the same place.
  private static func table(
    _ heads: [String], _ rows: [[String]], numbers: Set<Int>
  ) -> String {
    let widths = heads.indices.map { column in
      ([heads] + rows).map { $0[column].count }.max() ?? 0
    }
    return ([heads] + rows).map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        line += column == 0 ? "" : "  "
        line += numbers.contains(column) ? padding + cell : cell + padding
      }
      return line.trimmingTrailingSpaces
    }.joined(separator: "\n")
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
