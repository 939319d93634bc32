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
  package var passphraseFile: String?
  package var newPassphraseFile: String?

  package init(verb: Verb, passphraseFile: String? = nil, newPassphraseFile: String? = nil) {
    self.verb = verb
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
    case .missing, .incomplete, .malformed, .file, .unopened, .emptyPassphrase,
      .shortSourceSecret, .notGiven, .unequalPassphrases, .input:
      .refused
    }
  }
}

/// One run of a `keys` command, with or without a daemon.
struct KeysWork {
  private let command: KeysCommand
  private let settings: Configuration.CredentialSettings
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
      document = try KeysWork(command, configuration, context.terminal).run()
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

  private init(_ command: KeysCommand, _ configuration: Configuration, _ terminal: OperatorTerminal)
  {
    self.command = command
    settings = configuration.credentials
    self.terminal = terminal
    input = SecretLines(terminal)
    users = DaemonUser(configuration)
    writer = CredentialsWriter(configuration)
  }

  private func run() throws(CredentialsError) -> JSONValue {
    switch command.verb {
    case .set: try set()
    case .check: try check()
    case .changePassphrase: try changePassphrase()
    case .remove: try remove()
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
    if let found = CredentialFlaw.of(try file.open(with: old.passphrase, path: path), names) {
      throw .malformed(place: found.place, flaw: found.flaw)
    }
    return [
      "ok": true, "file": .string(path), "version": .integer(CredentialsFile.version),
      "iterations": .integer(file.iterations), "opens": true,
      "passphrase_from": .string(old.place),
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
    let pair = try file.open(with: oldPassphrase().passphrase, path: path)
    let passphrase = try newPassphrase(given, "New passphrase")
    try input.end()
    let renewed = CredentialsFile(
      apiKey: pair.key, secretKey: pair.secret, passphrase: passphrase)
    try editor.write(renewed, for: users.owner(ofFile: path))
    let place = PassphraseSource(settings).map { ", in \($0)" } ?? ""
    return [
      "ok": true,
      "message": .string(
        "\(path): the passphrase is changed; the daemon needs the new one at its next start or "
          + "reload\(place)"),
    ]
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
      if PassphraseSource(settings) == nil {
        terminal.complaints(
          "mexc-signalctl: the daemon needs the passphrase, too: LoadCredential=passphrase:… in its "
            + "unit, or credentials.passphrase_file")
      }
    case .systemd, .environment:
      terminal.complaints(
        "mexc-signalctl: credentials.source is \"\(settings.source.rawValue)\", so the daemon does "
          + "not read this file; write \"file\" or \"auto\"")
    }
  }
}
