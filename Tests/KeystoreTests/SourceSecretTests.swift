import Configuration
import Domain
import Keystore
import Platform
import TestKit
import Testing

@Suite struct SourceSecretTests {
  private static let word = "0123456789abcdef"
  private let scratch: Scratch
  private var configuration = Configuration()

  init() throws {
    scratch = try Scratch()
    configuration.credentials.sourcesDirectory = scratch.path
    configuration.credentials.file = scratch("credentials")
    configuration.credentials.passphraseFile = scratch("passphrase")
  }

  private func read(
    _ variables: Variables = Variables(), of name: String = "bot-1",
    owners: Set<UInt32> = [Accounts.ownUser], mode: TradingMode = .paper
  ) throws(CredentialsError) -> String {
    var configuration = configuration
    configuration.mode = mode
    return text(
      try SourceSecret.read(
        of: name, configuration, owners: owners, environment: variables.environment))
  }

  @Test func `line ends at the end do not count`() throws {
    for end in ["", "\n", "\r\n", "\n\n", "\r\n\r\n", "\r"] {
      try scratch.write("bot-1", Self.word + end)
      #expect(try read() == Self.word)
    }
    try scratch.write("bot-1", Self.word + " \n")
    #expect(try read() == Self.word + " ")
  }

  @Test func `systemd's credential comes first`() throws {
    try scratch.write("bot-1", "of the directory")
    let systemd = try CredentialDirectory().with("source_bot-1", Self.word, mode: 0o644)
    #expect(try read(systemd.variables) == Self.word)
    #expect(throws: CredentialsError.exposed(path: systemd.path + "/source_bot-1", mode: 0o644)) {
      try read(systemd.variables, mode: .live)
    }
    let other = try CredentialDirectory().with("source_bot-2", Self.word)
    #expect(try read(other.variables) == "of the directory")
  }

  @Test func `the credentials file comes last, and is opened only where it is needed`() throws {
    var content = CredentialsContent()
    content.sources = ["bot-1": Secret(copying: Array("of the file, last".utf8))]
    try CredentialsFileEditor(path: scratch("credentials")).write(
      CredentialsFile(content, passphrase: Secret(copying: Array("open sesame".utf8))), for: nil)
    let noPassphrase = CredentialsError.noPassphrase(path: scratch("passphrase"))
    #expect(throws: noPassphrase) { try read() }
    try scratch.write("bot-1", "of the directory")
    #expect(try read() == "of the directory")
    try scratch.remove("bot-1")
    try scratch.write("passphrase", "open sesame\n")
    #expect(try read() == "of the file, last")
    #expect(throws: CredentialsError.self) { try read(of: "bot-2") }
    // What the settings do not lead to is asked for.
    var configuration = configuration
    configuration.credentials.passphraseFile = nil
    let asked = try SourceSecret.read(
      of: "bot-1", configuration, owners: [Accounts.ownUser],
      environment: Variables().environment
    ) { () throws(CredentialsError) in Secret(copying: Array("open sesame".utf8)) }
    #expect(text(asked) == "of the file, last")
    // A key is not in it.
    #expect(throws: CredentialsError.noKey(path: scratch("credentials"))) {
      try Credentials.read(
        self.configuration.credentials, mode: .live, environment: Variables().environment)
    }
  }

  @Test func `what cannot be used is named`() throws {
    let path = scratch("bot-1")
    let missing = CredentialsError.noSourceSecret(
      name: "bot-1", directory: scratch.path, file: configuration.credentials.file)
    #expect(throws: missing) { try read() }
    try scratch.write("bot-1", "0123456789abcde\n")
    #expect(throws: CredentialsError.shortSourceSecret(place: path, bytes: 15)) { try read() }
    try scratch.write("bot-1", Self.word)
    #expect(throws: CredentialsError.foreignOwner(path: path, owner: Accounts.ownUser)) {
      try read(owners: [Accounts.ownUser &+ 1])
    }
    try scratch.write("bot-1", Self.word, mode: 0o640)
    #expect(throws: CredentialsError.exposed(path: path, mode: 0o640)) { try read() }
    #expect(
      throws: CredentialsError.unreadable(path: scratch("."), reason: "it is no regular file")
    ) {
      try read(of: ".")
    }
  }
}
