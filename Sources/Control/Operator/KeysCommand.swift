import Configuration
import JSON
import Keystore
import Platform

/// What is to be done with the credentials file.
package struct KeysCommand: Hashable, Sendable {
  package enum Verb: String, CaseIterable, Sendable {
    case set, check, remove
    case changePassphrase = "change-passphrase"
  }

  package let verb: Verb
  /// The source whose secret is meant; without one, `set` is about key and secret, and `remove` about
  /// the whole file.
  package var source: String?
  package var passphraseFile: String?
  package var newPassphraseFile: String?

  package init(
    verb: Verb, source: String? = nil, passphraseFile: String? = nil,
    newPassphraseFile: String? = nil
  ) {
    self.verb = verb
    self.source = source
    self.passphraseFile = passphraseFile
    self.newPassphraseFile = newPassphraseFile
  }
}

extension CredentialsError {
  var code: ControlFailure.Code {
    switch self {
    case .absent, .unreadable, .exposed, .foreignOwner, .noPassphrase, .noSourceSecret,
      .unwritable:
      .unreachable
    case .missing, .noKey, .keepsSources, .noStoredSource, .longSourceSecret, .incomplete,
      .malformed, .file, .unopened, .emptyPassphrase,
      .shortSourceSecret, .notGiven, .unequalPassphrases, .input:
      .refused
    }
  }
}

/// One run of a `keys` command, with or without a daemon.
struct KeysWork {
  private let command: KeysCommand
  private let configuration: Configuration
  private var settings: Configuration.CredentialSettings { configuration.credentials }
  private let terminal: OperatorTerminal
  private let input: SecretLines
  private let users: DaemonUser
  private let writer: CredentialsWriter
  private var path: String { settings.file }

  static func run(
    _ command: KeysCommand, _ context: CommandContext
  ) throws(CommandFailure) -> ExitCode {
    let configuration = try context.settings()
    let document: JSONValue
    do throws(CredentialsError) {
      document = try KeysWork(command, configuration, context).run()
    } catch {
      throw .control(ControlFailure(code: error.code, message: error.description))
    }
    context.show(document, text(document))
    return .done
  }

  private static func text(_ document: JSONValue) -> String {
    if let message = document["message"]?.stringValue { return ByteText.printable(message) }
    let members = (document.objectValue ?? []).filter { $0.name != "ok" }
    return StatusText.text(of: .object(members))
  }

  private init(_ command: KeysCommand, _ configuration: Configuration, _ context: CommandContext) {
    self.command = command
    self.configuration = configuration
    terminal = context.terminal
    input = SecretLines(terminal)
    users = DaemonUser(configuration)
    writer = CredentialsWriter(configuration, from: context.configurationPath)
  }

  private func run() throws(CredentialsError) -> JSONValue {
    switch command.verb {
    case .set: if let source = command.source { try setSource(source) } else { try set() }
    case .check: try check()
    case .changePassphrase: try changePassphrase()
    case .remove: if let source = command.source { try removeSource(source) } else { try remove() }
    }
  }

  // MARK: The commands

  private func set() throws(CredentialsError) -> JSONValue {
    let editor = try CredentialsFileEditor(path: path)
    let given = try given(command.passphraseFile)
    let pair = (
      key: try input.line("API key: ", "the API key"),
      secret: try input.line("Secret: ", "the secret")
    )
    try CredentialsWriter.check(pair)
    let passphrase = try newPassphrase(given?.passphrase, "Passphrase")
    try input.end()
    let message = try writer.write(
      apiKey: pair.key, secretKey: pair.secret, under: passphrase, editor)
    advise()
    return ["ok": true, "message": .string(message)]
  }

  private func check() throws(CredentialsError) -> JSONValue {
    let file = try CredentialsFile.load(path, refusesExposed: true)
    let old = try oldPassphrase()
    try input.end()
    let names = (key: "the API key in \(path)", secret: "the secret in \(path)")
    let content = try file.open(with: old.passphrase, path: path)
    if content.hasKey,
      let found = CredentialFlaw.of((content.apiKey, content.secretKey), names)
    {
      throw .malformed(place: found.place, flaw: found.flaw)
    }
    return [
      "ok": true, "file": .string(path), "version": .integer(file.version),
      "iterations": .integer(file.iterations), "opens": true,
      "passphrase_from": .string(old.place), "api_key": .bool(content.hasKey),
      "sources": .array(content.sources.keys.sorted().map { .string($0) }),
    ]
  }

  private func remove() throws(CredentialsError) -> JSONValue {
    try CredentialsFileEditor(path: path).remove()
    return ["ok": true, "message": .string("\(path): removed")]
  }

  private func changePassphrase() throws(CredentialsError) -> JSONValue {
    let editor = try CredentialsFileEditor(path: path)
    let given = try command.newPassphraseFile.map { path throws(CredentialsError) in
      try PassphraseSource.file(path).read(owners: users.trusted, refusesExposed: true)
    }
    let file = try CredentialsFile.load(path, refusesExposed: false)
    let content = try file.open(with: oldPassphrase().passphrase, path: path)
    let passphrase = try newPassphrase(given, "New passphrase")
    try input.end()
    let warning = try writer.replace(by: content, under: passphrase, editor)
    let place = PassphraseSource(settings).map { ", in \($0)" } ?? ""
    return [
      "ok": true,
      "message": .string(
        "\(path): the passphrase is changed; the daemon needs the new one at its next start or "
          + "reload\(place)\(warning)"),
    ]
  }

  // MARK: Secrets of sources

  private func setSource(_ name: String) throws(CredentialsError) -> JSONValue {
    let editor = try CredentialsFileEditor(path: path)
    let given = try given(command.passphraseFile)
    let present = try present()
    let secret = try input.line(
      "Secret of \(name): ", "the secret of the source \"\(name)\"")
    try SourceSecret.check(secret, from: input.place)
    let asks: (String) throws(CredentialsError) -> Secret =
      present == nil ? input.newPassphrase : input.passphrase
    let passphrase =
      if let given { given.passphrase } else { try asks("Passphrase") }
    try input.end()
    var content = try present?.open(with: passphrase, path: path) ?? CredentialsContent()
    content.sources[name] = secret
    let message = try writer.write(content, under: passphrase, editor)
    adviseAboutSource(name)
    return ["ok": true, "message": .string(message)]
  }

  private func removeSource(_ name: String) throws(CredentialsError) -> JSONValue {
    let editor = try CredentialsFileEditor(path: path)
    let file = try CredentialsFile.load(path, refusesExposed: false)
    let passphrase = try oldPassphrase().passphrase
    try input.end()
    var content = try file.open(with: passphrase, path: path)
    guard content.sources.removeValue(forKey: name) != nil else {
      throw .noStoredSource(name: name, path: path)
    }
    var warning = ""
    if content.isEmpty {
      try editor.remove()
    } else {
      warning = try writer.replace(by: content, under: passphrase, editor)
    }
    return [
      "ok": true,
      "message": .string("\(path): the secret of the source \"\(name)\" is removed\(warning)"),
    ]
  }

  /// Throws when there is something that cannot be read whole: writing would lose what it keeps.
  private func present() throws(CredentialsError) -> CredentialsFile? {
    do throws(CredentialsError) {
      return try CredentialsFile.load(path, refusesExposed: false)
    } catch .absent {
      return nil
    }
  }

  // MARK: Passphrases

  /// The one in a file, else where the daemon reads it; `nil` when it is to be asked for.
  private func given(
    _ path: String?
  ) throws(CredentialsError) -> (passphrase: Secret, place: String)? {
    guard let source = path.map({ .file($0) }) ?? PassphraseSource(settings) else { return nil }
    let passphrase = try source.read(owners: users.trusted, refusesExposed: true)
    return (passphrase, "\(source)")
  }

  private func oldPassphrase() throws(CredentialsError) -> (passphrase: Secret, place: String) {
    if let given = try given(command.passphraseFile) { return given }
    return (try input.passphrase("Passphrase"), input.place)
  }

  private func newPassphrase(
    _ given: Secret?, _ name: String
  ) throws(CredentialsError) -> Secret {
    if let given { return given }
    return try input.newPassphrase(name)
  }

  // MARK: What to do next

  private func advise() {
    switch settings.source {
    case .auto, .file:
      advisePassphrase()
    case .systemd, .environment:
      terminal.complaints(
        "mexc-signalctl: credentials.source is \"\(settings.source.rawValue)\", so the daemon does "
          + "not read this file; write \"file\" or \"auto\"")
    }
  }

  private func advisePassphrase() {
    guard PassphraseSource(settings) == nil else { return }
    terminal.complaints(
      "mexc-signalctl: the daemon needs the passphrase, too: LoadCredential=passphrase:… in its "
        + "unit, or credentials.passphrase_file")
  }

  private func adviseAboutSource(_ name: String) {
    advisePassphrase()
    if !configuration.sources.contains(where: { $0.name == name && $0.isSigned }) {
      terminal.complaints(
        "mexc-signalctl: the configuration has no source \"\(name)\" with secret: true, so nothing "
          + "asks for this secret yet")
    }
    if let directory = settings.sourcesDirectory,
      FileStatus.at(path: "\(directory)/\(name)") != nil
    {
      terminal.complaints(
        "mexc-signalctl: \(directory)/\(name) comes before the credentials file; remove it, so that "
          + "this secret counts")
    }
  }
}
