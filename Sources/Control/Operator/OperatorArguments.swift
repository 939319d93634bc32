import Configuration
import Cryptography
import Domain
import Platform
import Store

/// One pass over the arguments.
struct OperatorArguments {
  struct Flaw: Error {
    let text: String
  }

  private static let generalFlags = ["--json", "--help", "--version"]
  private static let generalValued = ["--config", "--socket"]

  private var rest: ArraySlice<String>
  private var verb: OperatorVerb?
  /// Set in place of `verb`; what follows it is not judged.
  private var unavailable: String?
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
      socketPath: values["--socket"], json: flags.contains("--json"),
      isQuiet: flags.contains("--quiet"))
  }

  // MARK: Collecting

  private mutating func takeWord(_ word: String) throws(Flaw) {
    if verb != nil || unavailable != nil {
      words.append(word)
    } else if OperatorVerb.unavailable.contains(word) {
      unavailable = word
    } else if let known = OperatorVerb(rawValue: word) {
      verb = known
    } else {
      throw Self.unknownCommand(word)
    }
  }

  private mutating func takeOption(_ argument: String) throws(Flaw) {
    let name = argument == "-h" ? "--help" : String(argument.prefix { $0 != "=" })
    let attached = argument.firstIndex(of: "=").map {
      String(argument[argument.index(after: $0)...])
    }
    if (Self.generalValued + (verb?.valued ?? [])).contains(name) {
      guard let value = attached ?? rest.popFirst(), !value.isEmpty else {
        throw Flaw(text: "\(name) needs a value")
      }
      guard values.updateValue(value, forKey: name) == nil else {
        throw Flaw(text: "\(name) is given twice")
      }
    } else if (Self.generalFlags + (verb?.flags ?? [])).contains(name) {
      if attached != nil { throw Flaw(text: "\(name) takes no value") }
      flags.insert(name)
    } else if unavailable == nil {
      throw unknownOption(name)
    }
  }

  private func unknownOption(_ name: String) -> Flaw {
    let known =
      Self.generalFlags + Self.generalValued + (verb?.flags ?? []) + (verb?.valued ?? [])
    if let near = Spelling.nearest(to: name, among: known) {
      return Flaw(text: "unknown option\(UsageMessage.shown(name)); did you mean \(near)?")
    }
    let owner = OperatorVerb.allCases.first { ($0.flags + $0.valued).contains(name) }
    guard let owner else { return Flaw(text: "unknown option\(UsageMessage.shown(name))") }
    return Flaw(
      text: verb.map { "'\($0.rawValue)' takes no \(name)" }
        ?? "\(name) stands after its command, for instance '\(owner.rawValue) \(name)'")
  }

  private static func unknownCommand(_ word: String) -> Flaw {
    let near = Spelling.nearest(to: word, among: OperatorVerb.allCases.map(\.rawValue))
    let text = "unknown command\(UsageMessage.shown(word))"
    return Flaw(text: near.map { "\(text); did you mean '\($0)'?" } ?? text)
  }

  // MARK: Understanding

  private func action() throws(Flaw) -> OperatorOptions.Action {
    if flags.contains("--help") { return .showHelp }
    if flags.contains("--version") { return .showVersion }
    if let unavailable { return .unavailable(unavailable) }
    guard let verb else { throw Flaw(text: "a command is missing") }
    do throws(ControlFailure) {
      return try action(verb)
    } catch {
      throw Flaw(text: error.message)
    }
  }

  private func action(_ verb: OperatorVerb) throws(ControlFailure) -> OperatorOptions.Action {
    switch verb {
    case .status:
      try takeNoWords(verb)
      return .request(.status)
    case .signals:
      try takeNoWords(verb)
      return .request(.report(.signals(try filter(ControlRequest.signalStates))))
    case .orders:
      try takeNoWords(verb)
      return .request(.report(.orders(try filter(ControlRequest.orderStates))))
    case .explain: return .request(.report(.explain(try signalID(verb))))
    case .verify: return .verify(notedHash: try notedHash())
    case .adopt where flags.contains("--renewed-key"):
      try takeNoWords(verb)
      return .request(.expectRenewedKey)
    case .adopt:
      try takeNoWords(verb)
      guard values["--config"] != nil else {
        throw .invalidRequest("'adopt' speaks of the database of a configuration; give --config")
      }
      return .adopt
    case .doctor:
      try takeNoWords(verb)
      if values["--socket"] != nil, values["--config"] == nil {
        throw .invalidRequest("'doctor' examines a configuration; give --config, not --socket")
      }
      return .doctor
    case .keys: return .keys(try keys())
    case .submit: return .submit(path: try submission())
    case .cancel: return .request(.perform(.cancel(try signalID(verb))))
    case .cancelAll:
      try takeNoWords(verb)
      return .request(.perform(.cancelAll))
    case .resolve: return .request(.perform(try resolution()))
    case .halt:
      let reason = try ControlRequest.reason(words.joined(separator: " "))
      return .request(.perform(.halt(reason: reason, cancel: flags.contains("--cancel"))))
    case .resume:
      try takeNoWords(verb)
      return .request(.perform(.resume))
    }
  }

  private func takeNoWords(_ verb: OperatorVerb) throws(ControlFailure) {
    guard words.isEmpty else {
      throw .invalidRequest("'\(verb.rawValue)' takes no further words")
    }
  }

  private func notedHash() throws(ControlFailure) -> [UInt8]? {
    try takeNoWords(.verify)
    if values["--socket"] != nil, values["--config"] == nil {
      throw .invalidRequest(
        "'verify' reads the database of the configuration; give --config, not --socket")
    }
    guard let text = values["--head"] else { return nil }
    guard let hash = Hexadecimal.bytes(of: text), hash.count == ChainHead.hashBytes else {
      throw .invalidRequest(
        "--head takes the \(2 * ChainHead.hashBytes) hexadecimal digits that 'verify' prints")
    }
    return hash
  }

  private func submission() throws(ControlFailure) -> String {
    guard words.count == 1, !words[0].isEmpty else {
      throw .invalidRequest("'submit' takes one file, or - for standard input")
    }
    if values["--socket"] != nil, values["--config"] == nil {
      throw .invalidRequest(
        "'submit' uses the signal socket of the configuration; give --config, not --socket")
    }
    return words[0]
  }

  private func keys() throws(ControlFailure) -> KeysCommand {
    let names = KeysCommand.Verb.allCases.map(\.rawValue).joined(separator: ", ")
    guard let verb = words.first.flatMap(KeysCommand.Verb.init), words.count == 1 else {
      throw .invalidRequest(
        "'keys' takes one of \(names), and nothing else: keys and secrets are never arguments")
    }
    if values["--socket"] != nil, values["--config"] == nil {
      throw .invalidRequest(
        "'keys' uses the credentials file of the configuration; give --config, not --socket")
    }
    if values["--new-passphrase-file"] != nil, verb != .changePassphrase {
      throw .invalidRequest("--new-passphrase-file goes with 'keys change-passphrase'")
    }
    if values["--passphrase-file"] != nil, verb == .remove {
      throw .invalidRequest("'keys remove' takes no --passphrase-file")
    }
    return KeysCommand(
      verb: verb, passphraseFile: values["--passphrase-file"],
      newPassphraseFile: values["--new-passphrase-file"])
  }

  private func signalID(_ verb: OperatorVerb) throws(ControlFailure) -> SignalID {
    guard words.count == 1 else {
      throw .invalidRequest("'\(verb.rawValue)' takes the id of one signal")
    }
    return try ControlRequest.signalID(words[0])
  }

  private func resolution() throws(ControlFailure) -> OperatorCommand {
    let id = try signalID(.resolve)
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
