import Domain
import JSON
import Platform

/// The story of one signal: what became of it, then how, line by line.
struct StoryText {
  private let times: TimeStyle

  init(_ times: TimeStyle) {
    self.times = times
  }

  func text(of story: JSONValue) -> String {
    if let removed = story["removed"]?.stringValue {
      return StatusText.block(compactedSummary(story)) + "\n\n" + ByteText.printable(removed)
    }
    let lines = (story["timeline"]?.arrayValue ?? []).map { entry in
      times.text(entry["at"]) + "  " + shown(entry["text"])
    }
    return StatusText.block(summary(story)) + "\n\n" + lines.joined(separator: "\n")
  }

  private func summary(_ story: JSONValue) -> [(name: String, value: String)] {
    let signal = story["signal"] ?? .null
    let order = story["order"] ?? .null
    var rows = [
      (name: "signal", value: shown(signal["id"])),
      ("origin", shown(signal["origin"])),
      ("decision", shown(signal["decision"])),
    ]
    guard !order.isNull else {
      return rows + [("reason", shown(signal["message"])), ("order", "none")]
    }
    rows.append(("order", status(order)))
    if let cause = story["waits_for"]?.stringValue {
      rows.append(("waits for", ByteText.printable(cause)))
    }
    if let reason = order["reason"]?.stringValue, !reason.isEmpty {
      rows.append(("reason", ByteText.printable(reason)))
    }
    rows.append(("client order id", shown(order["client_order_id"])))
    if order["order_id"]?.isNull == false { rows.append(("order id", shown(order["order_id"]))) }
    return rows
  }

  private func compactedSummary(_ story: JSONValue) -> [(name: String, value: String)] {
    let signal = story["signal"] ?? .null
    let order = story["order"] ?? .null
    var rows = [
      (name: "signal", value: shown(signal["id"])),
      ("received", times.text(signal["received_at"])),
      ("decision", shown(signal["decision"])),
    ]
    guard !order.isNull else { return rows + [("order", "none")] }
    let executed = "\(shown(order["executed_quantity"])) \(shown(order["symbol"]))"
    rows += [
      (
        "order",
        "\(shown(order["status"])): \(executed), \(shown(order["executed_quote"])) in quote"
      ),
      ("ended", times.text(order["updated_at"])),
      ("client order id", shown(order["client_order_id"])),
    ]
    if order["order_id"]?.isNull == false { rows.append(("order id", shown(order["order_id"]))) }
    return rows
  }

  private func status(_ order: JSONValue) -> String {
    var text = shown(order["status"])
    guard let average = order["average_price"]?.stringValue else { return text }
    text += ": \(shown(order["executed_quantity"])) \(shown(order["symbol"]))"
    return text + " at an average of \(ByteText.printable(average)), "
      + "\(shown(order["executed_quote"])) in quote"
  }

  private func shown(_ value: JSONValue?) -> String {
    ByteText.printable(value?.stringValue ?? "-")
  }
}
