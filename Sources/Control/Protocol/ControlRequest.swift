import Configuration
package import Domain
import JSON
import Platform
package import Store

/// What the operator's tool asks of the daemon: one JSON object a line.
package enum ControlRequest: Hashable, Sendable {
  case status
  case report(Report)
  case perform(OperatorCommand)
  /// The operator's word that the next API key is of the same account.
  case expectRenewedKey
  /// What would become of a signal of this text if it came now.
  case dryRun(signal: String)

  /// The longest request but for one about a signal is a halt with its reason, each character of it
  /// perhaps an escape.
  package static let maximumBytes = 8 * 1024

  /// The same, and a signal of the greatest length, each byte of it perhaps an escape of six.
  package static func lineMaximum(forSignalsOf maximumSignalBytes: Int) -> Int {
    max(maximumBytes, 6 * maximumSignalBytes + 1024)
  }

  /// A sentence; it is stored, logged and repeated in every refusal while trading is halted.
  package static let maximumReasonBytes = 500
  /// The reason of a halt that gives none.
  package static let unstatedReason = "by the operator"
  /// The exchange's order ids have some 20 characters.
  private static let maximumOrderIDBytes = 64
}

// MARK: - Reading

extension ControlRequest {
  /// Reads one line of a client. Throws the answer to what is no request.
  package static func read(_ line: [UInt8]) throws(ControlFailure) -> ControlRequest {
    let document: JSONValue
    do throws(JSONError) {
      document = try JSONReader.read(line)
    } catch {
      throw .invalidRequest("not a JSON object: \(error)")
    }
    guard let members = document.objectValue else {
      throw .invalidRequest("found \(document.kindWithArticle); send one JSON object")
    }
    guard let command = document["command"] else {
      throw .invalidRequest("the member \"command\" is missing")
    }
    guard let name = command.stringValue else {
      throw .invalidRequest("\"command\" is \(command.kindWithArticle); it must be a string")
    }
    return try read(name, Fields(command: name, members: members))
  }

  private static func read(_ name: String, _ fields: Fields) throws(ControlFailure) -> Self {
    switch name {
    case "status":
      try fields.allow([])
      return .status
    case "signals": return .report(.signals(try filter(fields, states: signalStates)))
    case "orders": return .report(.orders(try filter(fields, states: orderStates)))
    case "explain":
      try fields.allow(["id"])
      return .report(.explain(try fields.signalID()))
    case "halt":
      try fields.allow(["reason", "cancel", "reduce_only"])
      return .perform(
        .halt(
          reason: try reason(fields.text("reason")), cancel: try fields.flag("cancel"),
          scope: try fields.flag("reduce_only") ? .buys : .all))
    case "resume":
      try fields.allow(["careful_start"])
      return .perform(try fields.flag("careful_start") ? .endCarefulStart : .resume)
    case "cancel":
      try fields.allow(["id"])
      return .perform(.cancel(try fields.signalID()))
    case "cancel_all":
      try fields.allow([])
      return .perform(.cancelAll)
    case "resolve": return .perform(try resolution(fields))
    case "dry_run":
      try fields.allow(["signal"])
      guard let text = try fields.text("signal") else {
        throw .invalidRequest("\"dry_run\" needs the \"signal\" as a text")
      }
      return .dryRun(signal: text)
    case "expect_renewed_key":
      try fields.allow([])
      return .expectRenewedKey
    default:
      throw ControlFailure(
        code: .unknownCommand,
        message: "there is no command \"\(shown(name))\"")
    }
  }

  private static func resolution(_ fields: Fields) throws(ControlFailure) -> OperatorCommand {
    try fields.allow(["id", "placed", "not_placed"])
    let id = try fields.signalID()
    let placed = try fields.text("placed")
    let notPlaced = try fields.flag("not_placed")
    switch (placed, notPlaced) {
    case (let orderID?, false): return .resolvePlaced(id, orderID: try orderText(orderID))
    case (nil, true): return .resolveNotPlaced(id)
    case (_?, true), (nil, false):
      throw .invalidRequest("\"resolve\" takes either \"placed\" or \"not_placed\": true")
    }
  }

  private static func filter(
    _ fields: Fields, states: [String]
  ) throws(ControlFailure) -> ListFilter {
    try fields.allow(["open", "state", "symbol", "since", "before", "limit"])
    var filter = try filter(
      openOnly: fields.flag("open"), state: fields.text("state"), symbol: fields.text("symbol"),
      before: fields.text("before"), limit: fields.number("limit"), states: states)
    if let text = try fields.text("since") {
      guard let time = Timestamp.parse(text) else {
        throw .invalidRequest("\"since\" takes a time like 2026-09-25T10:11:12Z")
      }
      filter.since = time
    }
    return filter
  }
}

// MARK: - The values, checked alike for a request and for an argument

extension ControlRequest {
  /// What the lists' `state` takes.
  package static let orderStates = OrderStatus.allCases.map(\.rawValue)
  /// A signal is also found by how it was decided.
  package static let signalStates =
    orderStates + DecisionCode.allCases.map(\.rawValue).filter { !orderStates.contains($0) }

  /// What a list is narrowed to; `states` are those that there are. Throws the answer to a wrong
  /// option.
  package static func filter(
    openOnly: Bool, state: String?, symbol: String?, before: String?, limit: Int64?,
    states: [String]
  ) throws(ControlFailure) -> ListFilter {
    var filter = ListFilter(openOnly: openOnly)
    if let state = state?.lowercased() {
      guard states.contains(state) else { throw unknownState(state, states) }
      filter.state = state
    }
    filter.symbol = try symbol.map(self.symbol)
    filter.before = try before.map(signalID)
    if let limit {
      guard limit >= 1 else { throw .invalidRequest("the limit must be a whole number above 0") }
      filter.limit = Int(clamping: min(limit, Int64(ListFilter.limitMaximum)))
    }
    return filter
  }

  /// Throws the answer to a text that is no signal's id.
  package static func signalID(_ text: String) throws(ControlFailure) -> SignalID {
    guard let id = SignalID(text) else {
      throw .invalidRequest(
        "\"\(shown(text))\" is no signal id; an id has 1 to 64 of A-Z a-z 0-9 . _ : -")
    }
    return id
  }

  static func symbol(_ text: String) throws(ControlFailure) -> Symbol {
    do throws(Symbol.SpellingError) {
      return try Symbol(spelling: text)
    } catch {
      throw .invalidRequest("\"\(shown(text))\" is no spot symbol; write one like BTCUSDT")
    }
  }

  /// The exchange's own order id. Throws the answer to a text that cannot be one.
  package static func orderText(_ text: String) throws(ControlFailure) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      Character(UnicodeScalar(byte)).isLetter && byte < 0x80
        || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
    guard isPlain, (1...maximumOrderIDBytes).contains(text.utf8.count) else {
      throw .invalidRequest("\"\(shown(text))\" is no order id of the exchange")
    }
    return text
  }

  /// The reason to keep: never empty, and cut where it is too long, as a halt must not fail for that.
  package static func reason(_ text: String?) -> String {
    // White space before it must not be all that is kept.
    guard let text = text?.drop(while: \.isWhitespace), !text.isEmpty else { return unstatedReason }
    var bytes = 0
    let kept = text.unicodeScalars.prefix { scalar in
      bytes += scalar.utf8.count
      return bytes <= maximumReasonBytes
    }
    return String(String.UnicodeScalarView(kept))
  }

  private static func unknownState(_ state: String, _ states: [String]) -> ControlFailure {
    if let near = Spelling.nearest(to: state, among: states) {
      return .invalidRequest("there is no state \"\(shown(state))\"; did you mean \"\(near)\"?")
    }
    let decisions = states.filter { !orderStates.contains($0) }
    return .invalidRequest(
      "there is no state \"\(shown(state))\"; orders are "
        + orderStates.joined(separator: ", ")
        + (decisions.isEmpty ? "" : "; signals also " + decisions.joined(separator: ", ")))
  }

  fileprivate static func shown(_ text: String) -> String {
    ByteText.printable(text.prefix(scalars: 64))
  }
}

/// The members of a request.
private struct Fields {
  let command: String
  let members: [JSONMember]

  func allow(_ names: [String]) throws(ControlFailure) {
    for member in members where member.name != "command" && !names.contains(member.name) {
      throw .invalidRequest(
        "\"\(command)\" takes no member \"\(ControlRequest.shown(member.name))\"")
    }
  }

  func signalID() throws(ControlFailure) -> SignalID {
    guard let text = try text("id") else {
      throw .invalidRequest("\"\(command)\" needs the \"id\" of a signal")
    }
    return try ControlRequest.signalID(text)
  }

  func text(_ name: String) throws(ControlFailure) -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.stringValue else { throw wrongKind(name, value, "a string") }
    return text
  }

  func flag(_ name: String) throws(ControlFailure) -> Bool {
    guard let value = value(name) else { return false }
    guard let flag = value.boolValue else { throw wrongKind(name, value, "true or false") }
    return flag
  }

  func number(_ name: String) throws(ControlFailure) -> Int64? {
    guard let value = value(name) else { return nil }
    guard let number = value.integerValue else { throw wrongKind(name, value, "a whole number") }
    return number
  }

  /// Null counts as left out.
  private func value(_ name: String) -> JSONValue? {
    members.first { $0.name == name && !$0.value.isNull }?.value
  }

  private func wrongKind(_ name: String, _ value: JSONValue, _ wanted: String) -> ControlFailure {
    .invalidRequest("\"\(name)\" is \(value.kindWithArticle); it must be \(wanted)")
  }
}

// MARK: - Writing

extension ControlRequest {
  /// The request as one line, without its end.
  package var line: [UInt8] {
    let members: [(String, JSONValue)]
    switch self {
    case .status: members = [("command", "status")]
    case .report(.signals(let filter)): members = [("command", "signals")] + Self.members(filter)
    case .report(.orders(let filter)): members = [("command", "orders")] + Self.members(filter)
    case .report(.explain(let id)): members = [("command", "explain"), ("id", .string(id.text))]
    case .perform(let command): members = Self.members(command)
    case .expectRenewedKey: members = [("command", "expect_renewed_key")]
    case .dryRun(let signal): members = [("command", "dry_run"), ("signal", .string(signal))]
    }
    return Array(JSONValue.object(pairs: members).compactText().utf8)
  }

  private static func members(_ filter: ListFilter) -> [(String, JSONValue)] {
    var members: [(String, JSONValue)] = [("limit", .integer(filter.limit))]
    if filter.openOnly { members.append(("open", true)) }
    if let state = filter.state { members.append(("state", .string(state))) }
    if let symbol = filter.symbol { members.append(("symbol", .string(symbol.text))) }
    if let since = filter.since { members.append(("since", .time(since))) }
    if let before = filter.before { members.append(("before", .string(before.text))) }
    return members
  }

  private static func members(_ command: OperatorCommand) -> [(String, JSONValue)] {
    switch command {
    case .halt(let reason, let cancel, let scope):
      [
        ("command", "halt"), ("reason", .string(reason)), ("cancel", .bool(cancel)),
        ("reduce_only", .bool(scope == .buys)),
      ]
    case .resume: [("command", "resume")]
    case .endCarefulStart: [("command", "resume"), ("careful_start", true)]
    case .cancel(let id): [("command", "cancel"), ("id", .string(id.text))]
    case .cancelAll: [("command", "cancel_all")]
    case .resolvePlaced(let id, let orderID):
      [("command", "resolve"), ("id", .string(id.text)), ("placed", .string(orderID))]
    case .resolveNotPlaced(let id):
      [("command", "resolve"), ("id", .string(id.text)), ("not_placed", true)]
    }
  }
}
