import Configuration
import Domain
import Keystore
import MEXC
import Platform
import Store

/// The API key that requests are signed with, and its exchange for another one while the daemon
/// runs. Requests that are out end with the key that signed them.
///
/// A database belongs to the key that the exchange has accepted, as it does for a start: another one
/// is taken only after the operator's word that it is of the same account.
final class KeyRotation {
  /// `nil` in paper mode, which needs none.
  private(set) var credentials: MEXC.Credentials?
  /// Requests are to be signed with `credentials` from now on.
  var changed: () -> Void = {}
  var storeFailed: (StoreError) -> Void = { _ in }

  private let file: ConfigurationFile
  private let loop: EventLoop
  private let logger: Logger
  private let store: OrderStore
  private var origin: Keystore.Credentials.Origin?
  private var reading: SecretsReading<Keystore.Credentials>?
  private var whenRead: [() -> Void] = []
  private var words: [(CommandAnswer) -> Void] = []
  /// The operator's word was given: the present key must not be noted again.
  private var awaitsRenewedKey = false

  init(
    _ file: ConfigurationFile, _ loop: EventLoop, _ logger: Logger, _ store: OrderStore,
    credentials: MEXC.Credentials?, from origin: Keystore.Credentials.Origin?
  ) {
    self.file = file
    self.loop = loop
    self.logger = logger
    self.store = store
    self.credentials = credentials
    self.origin = origin
  }

  private var mode: TradingMode { file.configuration.mode }

  private func ownership(with credentials: MEXC.Credentials?) -> DatabaseOwnership {
    DatabaseOwnership(file.configuration, from: file.path, credentials: credentials)
  }

  /// Hears the answers to requests of the present key, and notes it once it is accepted.
  func listener() -> (ExchangeAnswer) -> Void {
    let mine = credentials
    let note = ownership(with: mine).noteKey(in: store, logger) { Clock.now().wall }
    return { [weak self] answer in
      guard let self, credentials === mine, !awaitsRenewedKey else { return }
      note(answer)
    }
  }

  // MARK: Reading anew

  /// Reads key and secret again, where `settings` lead now; `done` follows when it is decided which
  /// key counts.
  func reload(_ settings: Configuration.CredentialSettings, done: @escaping () -> Void) {
    guard mode != .paper else { return done() }
    switch Keystore.Credentials.origin(settings) {
    case nil where origin == .environment, .environment where origin == .environment:
      if awaitsRenewedKey { tellUnchanged(.environment) }
      done()
    case nil:
      refuse("\(CredentialsError.missing(settings))")
      done()
    case .environment:
      refuse("the environment is read at a start only")
      done()
    case .systemd(let directory): begin(.systemd(directory: directory), done)
    case .file(let path, let source): begin(.file(path: path, passphrase: source), done)
    }
  }

  /// A reading that is under way is dropped: the file may have changed since it began.
  private func begin(_ origin: Keystore.Credentials.Origin, _ done: @escaping () -> Void) {
    whenRead.append(done)
    reading = SecretsReading(loop) { [mode] () throws(CredentialsError) in
      try Keystore.Credentials.read(origin, mode: mode)
    }
  }

  /// Does what has become due. After a turn's commit: what is written here is a turn of its own.
  func endOfTurn() {
    let asked = words
    words = []
    for answer in asked { answer(takeWord()) }
    guard let reading, let outcome = reading.outcome else { return }
    self.reading = nil
    let waiting = whenRead
    whenRead = []
    judge(outcome)
    for done in waiting { done() }
  }

  private func judge(_ outcome: SecretsReading<Keystore.Credentials>.Outcome) {
    do {
      let read = try outcome.get()
      let origin = read.origin
      let new = try MEXC.Credentials(apiKey: read.apiKey, secret: read.secretKey)
      self.origin = origin
      if let credentials, new.isSame(as: credentials) {
        return tellUnchanged(origin)
      }
      try take(new, from: origin)
    } catch {
      refuse("\(error)")
      if let error = error as? StoreError { storeFailed(error) }
    }
  }

  private func tellUnchanged(_ origin: Keystore.Credentials.Origin) {
    let from = LogField("from", "\(origin)")
    guard awaitsRenewedKey else {
      return logger.log(.info, "the API key is unchanged", [from])
    }
    logger.log(
      .warning, "the API key is unchanged, and the operator has said that a renewed one comes",
      [from, LogField("advice", advice(on: origin))])
  }

  /// How a renewed key gets to where the present one is read.
  private func advice(on origin: Keystore.Credentials.Origin) -> String {
    let file = file.configuration.credentials.file
    return switch origin {
    case .systemd(let directory):
      "the key in \(directory) comes before \(file), and systemd copies it at a start only: put the "
        + "renewed key where LoadCredential= of the unit copies it from and restart the daemon, or set "
        + "credentials.source to \"file\", write the key with 'mexc-signalctl keys set' and reload"
    case .file(let path, _):
      "put the renewed key into \(path) with 'mexc-signalctl keys set', and reload again"
    case .environment:
      "the environment is read at a start only: set the renewed key there and restart the daemon"
    }
  }

  private func take(
    _ new: MEXC.Credentials, from origin: Keystore.Credentials.Origin
  ) throws(StoreError) {
    let ownership = ownership(with: new)
    if try ownership.take(store, logger, at: Clock.now().wall) != nil {
      return refuse(
        "the database was used with another one than \(origin) gives",
        advice: "if that one is of the same account at the exchange, such as a renewed one, say so "
          + "with 'mexc-signalctl --config \(file.path) adopt --renewed-key' and reload again; a "
          + "key of another account needs an exchange.account, a store.path and an "
          + "intake.directory of its own")
    }
    credentials = new
    awaitsRenewedKey = false
    logger.log(
      .notice, "requests are signed with another API key from now on",
      [LogField("from", "\(origin)")])
    changed()
  }

  private func refuse(_ reason: String, advice: String? = nil) {
    logger.log(
      .error, "the API key stays as it was: \(reason)",
      advice.map { [LogField("advice", $0)] } ?? [])
  }

  // MARK: The operator's word

  /// The API key that is read next is of the same account; `done` follows at the end of the turn.
  func expectRenewedKey(_ done: @escaping (CommandAnswer) -> Void) { words.append(done) }

  private func takeWord() -> CommandAnswer {
    guard mode != .paper else {
      return CommandAnswer(ok: false, message: "not done: paper mode has no API key")
    }
    do throws(StoreError) {
      try ownership(with: credentials).expectRenewedKey(store, at: Clock.now().wall)
    } catch {
      storeFailed(error)
      return CommandAnswer(ok: false, message: "not done: \(error)")
    }
    awaitsRenewedKey = true
    logger.log(.notice, "the operator says that the next API key is of the same account")
    return CommandAnswer(
      ok: true,
      message:
        "the next API key is taken for one of the same account: put it in place, then reload "
        + "the daemon or start it again")
  }
}
