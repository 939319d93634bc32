import Configuration
import Domain
import Foundation
import Glibc
import Keystore
import Platform
import TestKit
import Testing

private func secret(_ text: String) -> Secret { Secret(copying: Array(text.utf8)) }

/// The credentials file and its passphrase in the file system.
@Suite struct CredentialsDiskTests {
  private let scratch: Scratch
  private var path: String { scratch("credentials") }
  private var settings = Configuration.CredentialSettings()
  private let none = Variables()

  init() throws {
    scratch = try Scratch()
    settings.file = scratch("credentials")
    settings.passphraseFile = scratch("passphrase")
    try scratch.write("passphrase", "open sesame\n")
  }

  private func put(_ passphrase: String = "open sesame") throws {
    try CredentialsFileEditor(path: path).write(
      CredentialsFile(
        CredentialsContent(apiKey: secret(demoKey), secretKey: secret(demoSecret)),
        passphrase: secret(passphrase)),
      for: nil)
  }

  private func read(
    _ variables: Variables? = nil, mode: TradingMode = .live
  ) throws -> Credentials {
    try Credentials.read(settings, mode: mode, environment: (variables ?? none).environment)
  }

  private func error(
    _ variables: Variables? = nil, mode: TradingMode = .live
  ) -> CredentialsError? {
    #expect(throws: CredentialsError.self) { try read(variables, mode: mode) }
  }

  // MARK: Reading

  @Test func `the file comes after systemd's pair and before the environment`() throws {
    try put()
    let variables = Variables(["MEXC_API_KEY": "otherkey1", "MEXC_SECRET_KEY": "othersecret1"])
    let credentials = try read(variables)
    #expect(text(credentials.apiKey) == demoKey && text(credentials.secretKey) == demoSecret)
    #expect(credentials.origin == .file(path: path, passphrase: .file(scratch("passphrase"))))
    let directory = try CredentialDirectory().with("api_key", "systemdkey1")
      .with("api_secret", "systemdsecret1")
    variables.values["CREDENTIALS_DIRECTORY"] = directory.path
    #expect(try text(read(variables).apiKey) == "systemdkey1")
    try scratch.remove("credentials")
    variables.values["CREDENTIALS_DIRECTORY"] = nil
    #expect(try text(read(variables).apiKey) == "otherkey1")
    #expect(error() == .missing(settings))
  }

  @Test func `systemd's passphrase comes before the configured file`() throws {
    try put("by systemd")
    let directory = try CredentialDirectory().with("passphrase", "by systemd\r\n")
    #expect(try text(read(directory.variables).apiKey) == demoKey)
    #expect(error() == .file(path: path, .wrongPassphrase))
    try scratch.setMode("passphrase", 0o644)
    #expect(try text(read(directory.variables).apiKey) == demoKey)
    try directory.with("passphrase", "by systemd", mode: 0o604)
    #expect(
      error(directory.variables) == .exposed(path: directory.path + "/passphrase", mode: 0o604))
    #expect(try text(read(directory.variables, mode: .validate).apiKey) == demoKey)
  }

  /// Files are encrypted under what stood before one line end, further ones included.
  @Test func `one line end at the passphrase's end does not count, and another one does`() throws {
    let rows = [
      ("", ""), ("\n", ""), ("\r", ""), ("\r\n", ""), ("\n\n", "\n"), ("\r\n\r\n", "\r\n"),
    ]
    for (end, rest) in rows {
      try scratch.write("passphrase", "open sesame" + end)
      let directory = try CredentialDirectory().with("passphrase", "open sesame" + end)
      for source in [
        PassphraseSource.file(scratch("passphrase")), .systemd(directory: directory.path),
      ] {
        let read = try source.read(owners: [geteuid()], refusesExposed: true)
        #expect(text(read) == "open sesame" + rest)
      }
    }
  }

  @Test(arguments: [0o640, 0o604, 0o660, 0o610, 0o601] as [mode_t])
  func `a passphrase file that others have a right to is refused in every mode`(
    mode: mode_t
  ) throws {
    try put()
    try scratch.setMode("passphrase", mode)
    for live in [TradingMode.live, .validate] {
      #expect(
        error(mode: live) == .exposed(path: scratch("passphrase"), mode: UInt32(mode)), "\(live)")
    }
  }

  @Test func `a passphrase file must be one, of this user, and hold one`() throws {
    try put()
    let place = scratch("passphrase")
    try scratch.move("passphrase", "real")
    #expect(error() == .noPassphrase(path: place))
    try scratch.symbolicLink("passphrase", to: scratch("real"))
    #expect(error() == .unreadable(path: place, reason: "it is a symbolic link"))
    try scratch.remove("passphrase")
    try scratch.fifo("passphrase")
    #expect(error() == .unreadable(path: place, reason: "it is no regular file"))
    try scratch.remove("passphrase")
    try scratch.write("passphrase", "\n")
    #expect(error() == .emptyPassphrase(place: place))
    settings(without: { $0.passphraseFile = nil }) { settings in
      #expect(throws: CredentialsError.unopened(path: path)) {
        try Credentials.read(settings, mode: .live, environment: none.environment)
      }
    }
    guard geteuid() == 0 else { return }
    try scratch.write("passphrase", "open sesame")
    try #require(unsafe chown(place, 64_123, 64_123) == 0)
    #expect(error() == .foreignOwner(path: place, owner: 64_123))
  }

  private func settings(
    without change: (inout Configuration.CredentialSettings) -> Void,
    _ body: (Configuration.CredentialSettings) -> Void
  ) {
    var changed = settings
    change(&changed)
    body(changed)
  }

  @Test func `a credentials file that others can read is refused in live mode`() throws {
    try put()
    try scratch.setMode("credentials", 0o644)
    #expect(error() == .exposed(path: path, mode: 0o644))
    #expect(try text(read(mode: .validate).apiKey) == demoKey)
    try scratch.move("credentials", "real")
    try scratch.symbolicLink("credentials", to: scratch("real"))
    #expect(error() == .unreadable(path: path, reason: "it is a symbolic link"))
  }

  @Test func `what is inside is judged like any other pair`() throws {
    try CredentialsFileEditor(path: path).write(
      CredentialsFile(
        CredentialsContent(apiKey: secret("your_api_key"), secretKey: secret(demoSecret)),
        passphrase: secret("open sesame")), for: nil)
    #expect(error() == .malformed(place: "the API key in \(path)", flaw: .placeholder))
  }

  @Test func `no error shows a value`() throws {
    try put("another one")
    for text in [
      error().map { "\($0)" }, "\(try CredentialsFile.load(path, refusesExposed: true))",
    ] {
      let text = try #require(text)
      for value in [demoKey, demoSecret, "open sesame", "another one"] {
        #expect(!text.contains(value))
      }
    }
  }

  // MARK: Writing

  @Test func `a file is replaced whole and is its owner's alone`() throws {
    try put()
    let before = try #require(FileStatus.at(path: path))
    #expect(before.mode == 0o600)
    try scratch.setMode("credentials", 0o644)
    try put()
    let after = try #require(FileStatus.at(path: path))
    #expect(after.mode == 0o600)
    #expect(after.inode != before.inode)
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted()
    #expect(names == ["credentials", "passphrase"])
    try CredentialsFileEditor(path: path).remove()
    #expect(FileStatus.at(path: path) == nil)
    #expect(throws: CredentialsError.absent(path: path)) {
      try CredentialsFileEditor(path: path).remove()
    }
  }

  @Test func `what is no credentials file is neither replaced nor removed`() throws {
    try scratch.write("credentials", "dear diary")
    #expect(throws: CredentialsError.file(path: path, .foreign)) { try put() }
    try scratch.move("credentials", "diary")
    try scratch.symbolicLink("credentials", to: scratch("diary"))
    #expect(throws: CredentialsError.unreadable(path: path, reason: "it is a symbolic link")) {
      try put()
    }
    #expect(try String(contentsOfFile: scratch("diary"), encoding: .utf8) == "dear diary")
  }

  @Test func `one program at a time changes it`() throws {
    let editor = try CredentialsFileEditor(path: path)
    let error = #expect(throws: CredentialsError.self) { try put() }
    #expect("\(try #require(error))".contains("another program is changing it"))
    withExtendedLifetime(editor) {}
  }

  @Test func `a folder that is missing is named`() throws {
    let error = #expect(throws: CredentialsError.self) {
      try CredentialsFileEditor(path: scratch("none/credentials"))
    }
    #expect("\(try #require(error))".contains(scratch("none")))
  }

  @Test(.enabled(if: geteuid() == 0)) func `root gives the file to its user`() throws {
    let file = CredentialsFile(
      CredentialsContent(apiKey: secret(demoKey), secretKey: secret(demoSecret)),
      passphrase: secret("p"))
    try CredentialsFileEditor(path: path).write(file, for: FileOwner(user: 64_123, group: 64_124))
    let status = try #require(FileStatus.at(path: path))
    #expect(status.owner == 64_123 && status.group == 64_124 && status.mode == 0o600)
  }
}
