import Domain
import JSON

/// What is known of a signal's text before the daemon is asked. Of a text that cannot be sent to it as
/// it stands, the daemon would judge another form: such a text is judged here, in the daemon's words.
enum SignalText {
  /// What else the signal socket takes.
  enum Purpose: String {
    case heartbeat = "a heartbeat"
    case story = "a request for a signal's story"
  }

  /// `nil` for a text that is meant as a signal, or as nothing that the socket takes.
  static func purpose(of text: [UInt8]) -> Purpose? {
    guard let members = (try? JSONReader.read(text))?.objectValue else { return nil }
    let names = Set(members.map(\.name))
    if names == ["explain"] { return .story }
    let isHeartbeat =
      names.contains("heartbeat")
      && names.isSubset(of: ["heartbeat", "created_at", "signature"])
    return isHeartbeat ? .heartbeat : nil
  }

  /// The answer to a text with a line end inside a string, which no line can hold; `nil` for every
  /// other text.
  static func refusal(asLine text: [UInt8]) -> JSONValue? {
    guard SignalLine.of(text).contains(UInt8(ascii: "\r")) else { return nil }
    return [
      "id": nil, "status": "rejected", "code": .string(DecisionCode.invalidJSON.rawValue),
      "message": .string(flaw(in: text)),
    ]
  }

  /// The text as the daemon can be asked about it. The question is itself JSON, which has no place for
  /// other bytes: a text with such is `nil`, and no JSON either.
  static func question(_ text: [UInt8]) -> String? {
    text.contains(0) ? nil : String(validating: text, as: UTF8.self)
  }

  /// The answer to a text that the daemon cannot be asked about.
  static func refusal(asQuestion text: [UInt8]) -> JSONValue {
    refusal(.invalidJSON, flaw(in: text))
  }

  /// The answer to a text that is too long for a question: whatever the daemon takes fits into one.
  static var refusalAsTooLarge: JSONValue { refusal(.tooLarge, DecisionCode.tooLarge.meaning) }

  private static func refusal(_ code: DecisionCode, _ message: String) -> JSONValue {
    [
      "ok": false, "id": nil, "code": .string(code.rawValue), "field": nil,
      "message": .string(message), "next": "nothing", "not_judged": nil, "checks": nil,
      "notional": nil, "client_order_id": nil,
    ]
  }

  private static func flaw(in text: [UInt8]) -> String {
    do throws(JSONError) {
      _ = try JSONReader.read(text)
      return "Not strict JSON."
    } catch {
      return "Not strict JSON: \(error.description)."
    }
  }
}
