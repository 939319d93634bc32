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

  private static let generalFlags = HelpText.general.filter { $0.value == nil }.map(\.name)
  private static let generalValued = HelpText.general.filter { $0.value != nil }.map(\.name)

  private var rest: ArraySlice<String>
  private var verb: OperatorVerb?
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
      isQuiet: flags.contains("--quiet"), times: times, isWide: flags.contains("--wide"))
  }

  // MARK: Collecting

  private mutating func takeWord(_ word: String) throws(Flaw) {
    if verb != nil {
      words.append(word)
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
    } else {
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
    if flags.contains("--help") { return verb.map { .showCommandHelp($0) } ?? .showHelp }
    if flags.contains("--version") { return .showVersion }
    if flags.contains("--manual") { return .showManual }
    guard let verb else { throw Flaw(text: "a command is missing") }
    do throws(ControlFailure) {
      return try action(verb)
    } catch {
      throw Flaw(text: error.message)
    }
  }

  private func action(_ verb: OperatorVerb) throws(ControlFailure) -> OperatorOptions.Action {
    switch verb {
    case .status: return try plain(verb, .status)
    case .signals: return try list(verb, .signals(try filter(ControlRequest.signalStates)))
    case .orders: return try list(verb, .orders(try filter(ControlRequest.orderStates)))
    case .explain: return .request(.report(.explain(try signalID(verb))))
    case .verify: return .verify(notedHash: try notedHash())
    case .tail: return .tail(try tailFilter(), from: try tailStart())
    case .backup: return try backup()
    case .restore: return .restore(file: try file(verb))
    case .adopt: return try adopt()
    case .doctor: return try doctor()
    case .keys: return .keys(try keys())
    case .sign: return try sign()
    case .submit: return try submit()
    case .cancel: return .request(.perform(.cancel(try signalID(verb))))
    case .cancelAll: return try plain(verb, .perform(.cancelAll))
    case .resolve: return .request(.perform(try resolution()))
    case .halt: return halt()
    case .resume: return try plain(verb, .perform(.resume))
    case .report: return try report()
    case .help: return try help()
    case .completion: return try completion()
    case .console: return try console()
    }
  }

  /// A command that is all said with its name.
  private func plain(
    _ verb: OperatorVerb, _ request: ControlRequest
  ) throws(ControlFailure) -> OperatorOptions.Action {
    try takeNoWords(verb)
    return .request(request)
  }

  private func takeNoWords(_ verb: OperatorVerb) throws(ControlFailure) {
    guard words.isEmpty else {
      throw .invalidRequest("'\(verb.rawValue)' takes no further words")
    }
  }

  private func adopt() throws(ControlFailure) -> OperatorOptions.Action {
    try takeNoWords(.adopt)
    if flags.contains("--renewed-key") { return .request(.expectRenewedKey) }
    guard values["--config"] != nil else {
      throw .invalidRequest("'adopt' speaks of the database of a configuration; give --config")
    }
    return .adopt
  }

  private func doctor() throws(ControlFailure) -> OperatorOptions.Action {
    try takeNoWords(.doctor)
    try needConfiguration(.doctor, "examines a configuration")
    return .doctor
  }

  private func sign() throws(ControlFailure) -> OperatorOptions.Action {
    .sign(
      path: try signalFile(.sign, "reads the secrets of the configuration"),
      source: values["--source"], passphraseFile: values["--passphrase-file"])
  }

  private func submit() throws(ControlFailure) -> OperatorOptions.Action {
    if flags.contains("--dry-run") { return .dryRun(path: try signalFile(.submit)) }
    return .submit(path: try signalFile(.submit, "uses the signal socket of the configuration"))
  }

  private func halt() -> OperatorOptions.Action {
    let reason = ControlRequest.reason(words.joined(separator: " "))
    return .request(
      .perform(
        .halt(
          reason: reason, cancel: flags.contains("--cancel"),
          scope: flags.contains("--reduce-only") ? .buys : .all)))
  }

  private func completion() throws(ControlFailure) -> OperatorOptions.Action {
    guard words.count == 1, let shell = Completion.Shell(rawValue: words[0]) else {
      let shells = Completion.Shell.allCases.map(\.rawValue).joined(separator: ", ")
      throw .invalidRequest("'completion' takes one of \(shells)")
    }
    return .showCompletion(shell)
  }

  private func console() throws(ControlFailure) -> OperatorOptions.Action {
    try takeNoWords(.console)
    try needConfiguration(.console, "uses the folder beside the configuration's database")
    return .console(revoke: flags.contains("--revoke"))
  }

  private func report() throws(ControlFailure) -> OperatorOptions.Action {
    try takeNoWords(.report)
    try needConfiguration(.report, "reads the database of the configuration")
    guard let output = values["--output"], !output.hasSuffix("/") else {
      throw .invalidRequest("'report' needs --output FILE")
    }
    return .report(since: try since(), output: output)
  }

  private func since() throws(ControlFailure) -> WallTime? {
    guard let text = values["--since"] else { return nil }
    guard let time = times.time(from: text, now: Clock.wall()) else {
      throw .invalidRequest("--since takes \(TimeStyle.forms)")
    }
    return time
  }

  private func help() throws(ControlFailure) -> OperatorOptions.Action {
    guard let word = words.first else { return .showHelp }
    guard words.count == 1 else { throw .invalidRequest("'help' takes one command") }
    guard let verb = OperatorVerb(rawValue: word) else {
      throw .invalidRequest(Self.unknownCommand(word).text)
    }
    return .showCommandHelp(verb)
  }

  private func list(
    _ verb: OperatorVerb, _ report: Report
  ) throws(ControlFailure) -> OperatorOptions.Action {
    try takeNoWords(verb)
    guard flags.contains("--follow") else { return .request(.report(report)) }
    try needConfiguration(verb, "--follow reads the database of the configuration")
    return .follow(report)
  }

  private var times: TimeStyle { flags.contains("--utc") ? .utc : .local }

  /// The control socket leads to none of the configuration's files.
  private func needConfiguration(_ verb: OperatorVerb, _ what: String) throws(ControlFailure) {
    if values["--socket"] != nil, values["--config"] == nil {
      throw .invalidRequest("'\(verb.rawValue)' \(what); give --config, not --socket")
    }
  }

  private func file(_ verb: OperatorVerb) throws(ControlFailure) -> String {
    guard words.count == 1, !words[0].isEmpty else {
      throw .invalidRequest("'\(verb.rawValue)' takes one file")
    }
    try needConfiguration(verb, "is of the database of the configuration")
    return words[0]
  }

  private func backup() throws(ControlFailure) -> OperatorOptions.Action {
    let place = try file(.backup)
    guard let text = values["--keep"] else { return .backup(place: place, keep: nil) }
    guard let number = Int(text), number >= 1 else {
      throw .invalidRequest("--keep takes a whole number above 0")
    }
    return .backup(place: place, keep: number)
  }

  private func tailFilter() throws(ControlFailure) -> TailFilter {
    try takeNoWords(.tail)
    try needConfiguration(.tail, "reads the database of the configuration")
    var filter = TailFilter()
    filter.signal = try values["--signal"].map(ControlRequest.signalID)
    filter.symbol = try values["--symbol"].map(ControlRequest.symbol)
    if let name = values["--level"] {
      guard let level = LogLevel(name: name) else {
        let names = LogLevel.allCases.map(\.name).joined(separator: ", ")
        throw .invalidRequest("--level takes one of \(names)")
      }
      filter.level = level
    }
    return filter
  }

  private func tailStart() throws(ControlFailure) -> TailStart {
    guard let text = values["--since"] else { return .now }
    if let row = Int64(text), row >= 0 { return .row(row) }
    if let time = times.time(from: text, now: Clock.wall()) { return .time(time) }
    throw .invalidRequest("--since takes the number of a row, or \(TimeStyle.forms)")
  }

  private func notedHash() throws(ControlFailure) -> [UInt8]? {
    try takeNoWords(.verify)
    try needConfiguration(.verify, "reads the database of the configuration")
    guard let text = values["--head"] else { return nil }
    guard let hash = Hexadecimal.bytes(of: text), hash.count == ChainHead.hashBytes else {
      throw .invalidRequest(
        "--head takes the \(2 * ChainHead.hashBytes) hexadecimal digits that 'verify' prints")
    }
    return hash
  }

  private func signalFile(_ verb: OperatorVerb) throws(ControlFailure) -> String {
    guard words.count == 1, !words[0].isEmpty else {
      throw .invalidRequest("'\(verb.rawValue)' takes one file, or - for standard input")
    }
    return words[0]
  }

  private func signalFile(
    _ verb: OperatorVerb, _ needsConfiguration: String
  ) throws(ControlFailure) -> String {
    let file = try signalFile(verb)
    try needConfiguration(verb, needsConfiguration)
    return file
  }

  private func keys() throws(ControlFailure) -> KeysCommand {
    let names = KeysCommand.Verb.allCases.map(\.rawValue).joined(separator: ", ")
    guard let verb = words.first.flatMap(KeysCommand.Verb.init), words.count == 1 else {
      throw .invalidRequest(
        "'keys' takes one of \(names), and nothing else: keys and secrets are never arguments")
    }
    try needConfiguration(.keys, "uses the credentials file of the configuration")
    if values["--new-passphrase-file"] != nil, verb != .changePassphrase {
      throw .invalidRequest("--new-passphrase-file goes with 'keys change-passphrase'")
    }
    let source = values["--source"]
    if source != nil, verb != .set, verb != .remove {
      throw .invalidRequest("--source goes with 'keys set' and 'keys remove'")
    }
    if let source, !Configuration.Source.canHaveSecret(source) {
      throw .invalidRequest(
        "--source takes a name of 1 to 64 letters, digits, points, dashes or underscores, and not "
          + "\".\" or \"..\"")
    }
    if values["--passphrase-file"] != nil, verb == .remove, source == nil {
      throw .invalidRequest("'keys remove' takes no --passphrase-file without --source")
    }
    return KeysCommand(
      verb: verb, source: source, passphraseFile: values["--passphrase-file"],
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
    var filter = try ControlRequest.filter(
      openOnly: flags.contains("--open"), state: values["--state"], symbol: values["--symbol"],
      before: values["--before"], limit: limit, states: states)
    filter.since = try since()
    return filter
  }
}
