import Domain
import JSON
import Platform

/// One event of the history, told in plain words.
struct TimelineEntry {
  let event: HistoryEvent
  let text: String

  init(_ event: HistoryEvent) {
    self.event = event
    text = Self.text(of: event)
  }

  var document: JSONValue {
    [
      "at": .time(event.at), "kind": .string(event.kind), "text": .string(text),
      "detail": Self.readable(event.detail),
    ]
  }

  /// The members of a history's detail that hold epoch milliseconds.
  private static let times: Set<String> = [
    "arrived_at", "expires_at", "timestamp", "quote_asked_at", "until",
  ]

  private static func readable(_ detail: JSONValue) -> JSONValue {
    guard let members = detail.objectValue else { return detail }
    return .object(
      members.map { member in
        guard times.contains(member.name), let milliseconds = member.value.integerValue
        else { return member }
        return JSONMember(
          name: member.name, value: .time(WallTime(milliseconds: milliseconds)))
      })
  }

  private static func text(of event: HistoryEvent) -> String {
    if let orderEvent = OrderEvent(kind: event.kind, detail: event.detail) {
      return OrderEventText.text(of: orderEvent, at: event.at)
    }
    switch event.kind {
    case HistoryEvent.receivedKind: return received(event.detail, at: event.at)
    case HistoryEvent.deniedKind:
      let code = event.detail["code"]?.stringValue ?? "?"
      return "denied (\(code)): \(event.detail["message"]?.stringValue ?? "?")"
    case HistoryEvent.conflictKind:
      let origin = event.detail["origin"]?.stringValue ?? "?"
      return "the same id came again from \(origin) with other content, which was refused"
    case _:
      // A remark that a later version writes.
      return event.kind.split(separator: "_").joined(separator: " ")
        + (event.detail == [:] ? "" : " \(event.detail.compactText())")
    }
  }

  private static func received(_ detail: JSONValue, at time: WallTime) -> String {
    var text = "received from \(detail["origin"]?.stringValue ?? "?")"
    if let arrival = detail["arrived_at"]?.integerValue {
      let wait = time.since(WallTime(milliseconds: arrival))
      if wait >= .seconds(1) { text += ", where it had waited for \(wait.inWords)" }
    }
    if let signal = detail["signal"]?.stringValue { text += ": " + wish(signal) }
    if let expiry = detail["expires_at"]?.integerValue {
      text += "; expires \(WallTime(milliseconds: expiry).text)"
    }
    return text
  }

  /// The order that a signal's canonical text asks for. The free texts stand last in it and may
  /// hold line ends, so that the first line with a name is the one that counts.
  private static func wish(_ canonicalText: String) -> String {
    var fields: [Substring: Substring] = [:]
    for line in canonicalText.split(separator: "\n") {
      guard let sign = line.firstIndex(of: "=") else { continue }
      let name = line[..<sign]
      if name == "source" || name == "note" { break }
      if fields[name] == nil { fields[name] = line[line.index(after: sign)...] }
    }
    var text = [fields["type"], fields["side"], fields["quantity"], fields["symbol"]]
      .compactMap { $0 }.joined(separator: " ")
    if let quote = fields["quote_quantity"] { text += " for \(quote) in quote" }
    if let price = fields["price"] { text += " at \(price)" }
    if let reference = fields["reference_price"] { text += ", reference price \(reference)" }
    if let limit = fields["maximum_deviation_bps"] { text += ", at most \(limit) bps away" }
    return text
  }
}
