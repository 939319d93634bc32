import JSON

/// What a client's text frame asks for.
enum ClientCommand: Hashable, Sendable {
  case subscribe([String], id: Int)
  case unsubscribe([String], id: Int)
  case ping(id: Int)

  /// `nil` for a text that is no command.
  init?(_ text: String) {
    guard let command = try? JSONReader.read(text),
      let method = command["method"]?.stringValue
    else { return nil }
    let id = command["id"]?.numberValue.flatMap { Int($0) } ?? 0
    let elements = command["params"]?.arrayValue?.map(\.stringValue) ?? []
    let names = elements.compactMap(\.self)
    guard names.count == elements.count else { return nil }
    switch method {
    case "SUBSCRIPTION": self = .subscribe(names, id: id)
    case "UNSUBSCRIPTION": self = .unsubscribe(names, id: id)
    // Maintained clients send it in small letters, too.
    case _ where method.uppercased() == "PING": self = .ping(id: id)
    default: return nil
    }
  }
}

/// The exchange's text frames.
enum StreamText {
  static let pong = "PONG"
  static let invalidListenKey = "Invalid listen key"

  /// The code is 0 whatever the message says.
  static func reply(_ message: String, id: Int) -> String {
    let reply: JSONValue = ["id": .integer(id), "code": 0, "msg": .string(message)]
    return reply.compactText()
  }

  /// The message that answers a command in which these names are wrong, blocked or too many. The colon
  /// is full-width (JKorf/Mexc.Net issue 35).
  static func refusal(_ names: [String]) -> String {
    "Not Subscribed successfully! [\(names.joined(separator: ","))].  Reason： Blocked! "
  }
}
