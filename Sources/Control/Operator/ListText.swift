import Domain
import JSON
import Platform

/// Lists as tables for a person.
struct ListText {
  private let list: Report
  private let times: TimeStyle
  private var table: TextTable

  /// `nil` when the report is no list. `width` is the terminal's; `nil` cuts nothing.
  init?(_ report: Report, _ times: TimeStyle, width: Int?) {
    switch report {
    case .signals:
      table = TextTable(
        ["RECEIVED", "ID", "SYMBOL", "SIDE", "TYPE", "STATE", "EXECUTED", "AVERAGE", "MESSAGE"],
        numbers: [6, 7], whole: [0, 2, 3], maximumWidth: width)
    case .orders:
      table = TextTable(
        [
          "CREATED", "SIGNAL", "SYMBOL", "SIDE", "TYPE", "AMOUNT", "PRICE", "STATUS", "EXECUTED",
          "AVERAGE", "ORDER ID", "REASON",
        ], numbers: [5, 6, 8, 9], whole: [0, 2, 3], maximumWidth: width)
    case .explain: return nil
    }
    list = report
    self.times = times
  }

  /// The rows under their heads.
  mutating func text(_ rows: [JSONValue]) -> String {
    if rows.isEmpty {
      if case .signals = list { return "no signals" }
      return "no orders"
    }
    return table.text(rows.map(cells))
  }

  /// More rows of the same table.
  mutating func continued(_ rows: [JSONValue]) -> String {
    table.continued(rows.map(cells))
  }

  private func cells(_ row: JSONValue) -> [String] {
    if case .signals = list {
      return [
        times.text(row["received_at"]), Self.shown(row["id"]), Self.shown(row["symbol"]),
        Self.shown(row["side"]), Self.shown(row["type"]), Self.state(row),
        Self.shown(row["executed_quantity"]), Self.shown(row["average_price"]),
        Self.shown(row["message"]),
      ]
    }
    return [
      times.text(row["created_at"]), Self.shown(row["signal_id"]), Self.shown(row["symbol"]),
      Self.shown(row["side"]), Self.shown(row["type"]), Self.amount(row),
      Self.shown(row["price"]), Self.shown(row["status"]), Self.shown(row["executed_quantity"]),
      Self.shown(row["average_price"]), Self.shown(row["order_id"]), Self.shown(row["reason"]),
    ]
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
}
