import Domain
package import JSON
package import Store

/// Why the daemon, or the operator's tool, did not do what was asked.
package struct ControlFailure: Error, Hashable, Sendable {
  /// The raw values are stable: scripts match on them.
  package enum Code: String, CaseIterable, Hashable, Sendable {
    /// The daemon has no command of that name.
    case unknownCommand = "unknown_command"
    /// The request is malformed; nothing was done.
    case invalidRequest = "invalid_request"
    /// No signal has that id.
    case notFound = "not_found"
    /// Understood, and not possible as things stand.
    case refused
    /// The database cannot be read or written now.
    case storageUnavailable = "storage_unavailable"
    /// Nobody listens on the socket.
    case notRunning = "not_running"
    /// What became of the request is not known.
    case noAnswer = "no_answer"
    /// A file, or the way to the daemon, cannot be used.
    case unreachable
    case invalidConfiguration = "invalid_configuration"
    case wrongUsage = "wrong_usage"
  }

  package let code: Code
  /// One sentence for a person.
  package let message: String

  package init(code: Code, message: String) {
    self.code = code
    self.message = message
  }

  /// Why the database was not read or written.
  package init(_ error: StoreError) {
    self.init(code: .storageUnavailable, message: error.description)
  }

  /// Of a daemon that has no database to read from now.
  package static let noStore = ControlFailure(
    code: .storageUnavailable,
    message: "the daemon cannot use its database now; its journal says why")

  package static func invalidRequest(_ message: String) -> ControlFailure {
    ControlFailure(code: .invalidRequest, message: message)
  }

  /// `{"ok":false,"error":{"code":…,"message":…}}`
  package var document: JSONValue {
    ["ok": false, "error": ["code": .string(code.rawValue), "message": .string(message)]]
  }

  /// `nil` when the document is none of a failure.
  init?(_ document: JSONValue) {
    guard document["ok"] == false, let error = document["error"],
      let message = error["message"]?.stringValue,
      let code = error["code"]?.stringValue.flatMap(Code.init)
    else { return nil }
    self.init(code: code, message: message)
  }
}

/// One line of the daemon: `{"ok":true,"result":…}`, or a failure's document.
package enum ControlAnswer: Equatable, Sendable {
  case result(JSONValue)
  case failure(ControlFailure)

  /// Without the line's end. The commands read no U+0000, which a text of the exchange may hold.
  package var line: [UInt8] {
    let document: JSONValue =
      switch self {
      case .result(let result): ["ok": true, "result": result]
      case .failure(let failure): failure.document
      }
    var line: [UInt8] = []
    document.appendCompactText(to: &line, replacingNUL: true)
    return line
  }

  /// `nil` when the line is no answer of this program.
  package init?(_ line: [UInt8]) {
    guard let document = try? JSONReader.read(line, limits: .exchange) else { return nil }
    switch document["ok"]?.boolValue {
    case true?:
      guard let result = document["result"] else { return nil }
      self = .result(result)
    case false?:
      guard let failure = ControlFailure(document) else { return nil }
      self = .failure(failure)
    case nil: return nil
    }
  }
}
