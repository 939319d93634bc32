import Domain
package import JSON

/// The one shape of what is printed with `--json`: `ok`, then the members of the answer, or a list as
/// `items`. A failure has `error` in their place.
package enum AnswerDocument {
  /// `isOK` says whether all is as it should be, as the exit status does.
  package static func of(_ answer: JSONValue, isOK: Bool = true) -> JSONValue {
    let ok: [(String, JSONValue)] = [("ok", .bool(isOK))]
    if let members = answer.objectValue {
      return .object(pairs: ok + members.filter { $0.name != "ok" }.map { ($0.name, $0.value) })
    }
    return .object(pairs: ok + [("items", answer)])
  }

  /// Whether the daemon's answer to a signal says that it was taken, now or before. A repetition of one
  /// that was refused was not.
  package static func isTaken(_ answer: JSONValue) -> Bool {
    if answer["status"] == "accepted" { return true }
    guard answer["status"] == "duplicate" else { return false }
    // An older daemon tells no state.
    return answer["state"]?.stringValue.map { !OrderStatus.isRefusal(state: $0) } ?? true
  }

  /// What the daemon says of a signal: beside the members of a refusal stands the `error`.
  package static func of(signalAnswer answer: JSONValue, isOK: Bool) -> JSONValue {
    let document = of(answer, isOK: isOK)
    guard !isOK, let members = document.objectValue else { return document }
    let error: JSONValue = [
      "code": answer["state"] ?? answer["code"] ?? .null, "message": answer["message"] ?? .null,
    ]
    return .object(pairs: members.map { ($0.name, $0.value) } + [("error", error)])
  }

  /// What the daemon says of itself: `ok` when nothing needs a person.
  package static func of(status: JSONValue) -> JSONValue {
    of(status, isOK: StatusText.isAsItShouldBe(status))
  }
}
