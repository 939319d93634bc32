import Domain
import Execution
import Store

/// One pass over the arguments.
struct OperatorArguments {
  struct Flaw: Error {
    let text: String
  }

  private static let generalFlags = ["--json", "--help", "--version"]
  private static let generalValued = ["--config", "--socket"]

  private var rest: ArraySlice<String>
  private var command: String?
  private var form: OperatorCommandForm?
  private var words: [String] = []
  private var flags: Set<String> = []
  private var values: [String: String] = [:]

  init(_ arguments: [String]) {
    rest = arguments[...]
  }

  mutating func options() throws(Flaw) -> OperatorOptions {
    var takesOptions = true
    while let argument = rest.popFirst() {
      if takesOptions, argument == "--" {
        takesOptions = false
      } else if takesOptions, argument.hasPrefix("-"), argument != "-" {
        try takeOption(argument)
      } else {
        try takeWord(argument)
      }
    }
    return OperatorOptions(
      action: try action(), configurationPath: values["--config"],
      socketPath: values["--socket"], json: flags.contains("--json"))
  }

  // MARK: Collecting

  private mutating func takeWord(_ word: String) throws(Flaw) {
    guard command == nil else {
      words.append(word)
      return
    }
    command = word
    if OperatorCommandForm.unavailable.contains(word) { return }
    form = OperatorCommandForm.all.first { $0.name == word }
    if form == nil { throw unknownCommand(word) }
  }

  private mutating func takeOption(_ argument: String) throws(Flaw) {
    let name = argument == "-h" ? "--help" : String(argument.prefix { $0 != "=" })
    let attached = argument.firstIndex(of: "=").map {
      String(argument[argument.index(after: $0)...])
    }
    if (Self.generalValued + (form?.valued ?? [])).contains(name) {
      guard let value = attached ?? rest.popFirst(), !value.isEmpty else {
        throw Flaw(text: "\(name) needs a value")
      }
      guard values.updateValue(value, forKey: name) == nil else {
        throw Flaw(text: "\(name) is given twice")
      }
    } else if (Self.generalFlags + (form?.flags ?? [])).contains(name) {
      if attached != nil { throw Flaw(text: "\(name) takes no value") }
      flags.insert(name)
    } else if !isUnavailable {
      throw unknownOption(name)
    }
  }

  private var isUnavailable: Bool {
    command.map { OperatorCommandForm.unavailable.contains($0) } ?? false
  }

  /// An option is repeated only when it looks like one of ours: it may hold a key by mistake.
  private func unknownOption(_ name: String) -> Flaw {
    let known =
      Self.generalFlags + Self.generalValued + (form?.flags ?? []) + (form?.valued ?? [])
    if let near = Spelling.nearest(to: name, among: known) {
      return Flaw(text: "unknown option \(name); did you mean \(near)?")
    }
    let owners = OperatorCommandForm.all.filter { ($0.flags + $0.valued).contains(name) }
    guard let owner = owners.first else { return Flaw(text: "unknown option; see --help") }
    return Flaw(
      text: form == nil
        ? "\(name) stands after its command, for instance '\(owner.name) \(name)'"
        : "'\(form?.name ?? "")' takes no \(name)")
  }

  private func unknownCommand(_ word: String) -> Flaw {
    let near = Spelling.nearest(to: word, among: OperatorCommandForm.all.map(\.name))
    return Flaw(
      text: near.map { "unknown command; did you mean '\($0)'?" }
        ?? "unknown command; see --help")
  }

  // MARK: Understanding

  private func action() throws(Flaw) -> OperatorOptions.Action {
    if flags.contains("--help") { return .showHelp }
    if flags.contains("--version") { return .showVersion }
    guard let command else { throw Flaw(text: "a command is missing") }
    if isUnavailable { return .unavailable(command) }
    if command == "submit" { return .submit(path: try submission()) }
    do throws(ControlFailure) {
      return .request(try request(command))
    } catch {
      throw Flaw(text: error.message)
    }
  }

  private func submission() throws(Flaw) -> String {
    guard words.count == 1, !words[0].isEmpty else {
      throw Flaw(text: "'submit' takes one file, or - for standard input")
    }
    if values["--socket"] != nil, values["--config"] == nil {
      throw Flaw(
        text: "'submit' uses the signal socket of the configuration; give --config, not --socket")
    }
    return words[0]
  }

  private func request(_ command: String) throws(ControlFailure) -> ControlRequest {
    switch command {
    case "halt":
      let reason = try ControlRequest.reason(words.joined(separator: " "))
      return .perform(.halt(reason: reason, cancel: flags.contains("--cancel")))
    case "explain": return .report(.explain(try signalID()))
    case "cancel": return .perform(.cancel(try signalID()))
    case "resolve": return .perform(try resolution())
    default: break
    }
    guard words.isEmpty else { throw .invalidRequest("'\(command)' takes no further words") }
    return switch command {
    case "signals": .report(.signals(try filter(ControlRequest.signalStates)))
    case "orders": .report(.orders(try filter(ControlRequest.orderStates)))
    case "resume": .perform(.resume)
    case "cancel-all": .perform(.cancelAll)
    default: .status
    }
  }

  private func signalID() throws(ControlFailure) -> SignalID {
    guard words.count == 1 else {
      throw .invalidRequest("'\(command ?? "")' takes the id of one signal")
    }
    return try ControlRequest.signalID(words[0])
  }

  private func resolution() throws(ControlFailure) -> OperatorCommand {
    let id = try signalID()
    switch (values["--placed"], flags.contains("--not-placed")) {
    case (let orderID?, false):
      return .resolvePlaced(id, orderID: try ControlRequest.orderText(orderID))
    case (nil, true): return .resolveNotPlaced(id)
    case (_?, true), (nil, false):
      throw .invalidRequest("'resolve' takes either --placed ORDER_ID or --not-placed")
    }
  }

  private func filter(_ states: [String]) throws(ControlFailure) -> ListFilter {
    var limit: Int64?
    if let text = values["--limit"] {
      guard let number = Int64(text), number >= 1 else {
        throw .invalidRequest("--limit takes a whole number above 0")
      }
      limit = number
    }
    return try ControlRequest.filter(
      openOnly: flags.contains("--open"), state: values["--state"], symbol: values["--symbol"],
      limit: limit, states: states)
  }
}
