import Configuration
import Domain
import Foundation
import Glibc
import Keystore
import Platform
import TestKit
import Testing

/// The demo pair of MEXC's documentation.
let demoKey = "mx0aBYs33eIilxBWC5"
let demoSecret = "45d0b3c26f2644f19bfb98b07741b2f5"

/// Variables of a process that does not exist.
final class Variables {
  var values: [String: String]

  init(_ values: [String: String] = [:]) {
    self.values = values
  }

  var environment: CredentialEnvironment {
    CredentialEnvironment {
      self.values[$0].map { Array($0.utf8) }
    } erase: {
      self.values[$0] = nil
    }
  }
}

/// A directory such as systemd makes, with the files of one test.
final class CredentialDirectory {
  private let scratch: Scratch
  var path: String { scratch.path }

  init() throws { scratch = try Scratch() }

  @discardableResult
  func with(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> CredentialDirectory {
    try scratch.write(name, text, mode: mode)
    return self
  }

  static func demo(mode: mode_t = 0o600) throws -> CredentialDirectory {
    try CredentialDirectory().with("api_key", demoKey + "\n", mode: mode)
      .with("api_secret", demoSecret, mode: mode)
  }

  var variables: Variables { Variables(["CREDENTIALS_DIRECTORY": path]) }
}

func text(_ secret: Secret) -> String {
  secret.withBytes { span in
    var bytes: [UInt8] = []
    for index in span.indices { bytes.append(span[index]) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Settings that name no file that is there.
private func settings(
  _ source: Configuration.CredentialSettings.Source
) -> Configuration.CredentialSettings {
  var settings = Configuration.CredentialSettings()
  settings.source = source
  settings.file = "/nonexistent/credentials"
  return settings
}

@Suite struct CredentialsTests {
  @Test func `systemd's files come first, the environment next`() throws {
    let directory = try CredentialDirectory.demo()
    let variables = directory.variables
    variables.values["MEXC_API_KEY"] = "otherkey1"
    variables.values["MEXC_SECRET_KEY"] = "othersecret1"
    let first = try Credentials.read(
      settings(.auto), mode: .live, environment: variables.environment)
    #expect(text(first.apiKey) == demoKey)
    #expect(text(first.secretKey) == demoSecret)
    #expect(first.origin == .systemd(directory: directory.path))

    let named = try Credentials.read(
      settings(.environment), mode: .live, environment: variables.environment)
    #expect(text(named.apiKey) == "otherkey1")
    #expect(text(named.secretKey) == "othersecret1")
    #expect(named.origin == .environment)
    #expect(variables.values.keys.sorted() == ["CREDENTIALS_DIRECTORY"])
  }

  @Test func `auto takes the environment where systemd gave nothing`() throws {
    let empty = try CredentialDirectory()
    let variables = empty.variables
    variables.values["MEXC_API_KEY"] = demoKey
    variables.values["MEXC_SECRET_KEY"] = demoSecret
    #expect(
      Credentials.origin(settings(.auto), environment: variables.environment) == .environment)
    let credentials = try Credentials.read(
      settings(.auto), mode: .live, environment: variables.environment)
    #expect(text(credentials.secretKey) == demoSecret)
  }

  @Test func `the process's own variables are erased once read`() throws {
    unsafe setenv("MEXC_API_KEY", demoKey, 1)
    unsafe setenv("MEXC_SECRET_KEY", demoSecret, 1)
    let credentials = try Credentials.read(settings(.environment), mode: .live)
    #expect(text(credentials.apiKey) == demoKey)
    #expect(text(credentials.secretKey) == demoSecret)
    #expect(unsafe getenv("MEXC_API_KEY") == nil)
    #expect(unsafe getenv("MEXC_SECRET_KEY") == nil)
  }

  @Test func `what is missing is named`() throws {
    let half = try CredentialDirectory().with("api_key", demoKey)
    let rows: [(Configuration.CredentialSettings.Source, Variables, CredentialsError)] = [
      (.auto, Variables(), .missing(settings(.auto))),
      (.systemd, Variables(["MEXC_API_KEY": demoKey]), .missing(settings(.systemd))),
      (.systemd, try CredentialDirectory().variables, .missing(settings(.systemd))),
      (.environment, half.variables, .missing(settings(.environment))),
      (.auto, half.variables, .incomplete(missing: half.path + "/api_secret")),
      (.auto, Variables(["MEXC_API_KEY": demoKey]), .incomplete(missing: "MEXC_SECRET_KEY")),
      (
        .auto, Variables(["MEXC_SECRET_KEY": demoSecret, "MEXC_API_KEY": ""]),
        .incomplete(missing: "MEXC_API_KEY")
      ),
    ]
    for (source, variables, expected) in rows {
      #expect(throws: expected) {
        try Credentials.read(settings(source), mode: .live, environment: variables.environment)
      }
    }
  }

  @Test func `live refuses files that others can read`() throws {
    // The group root may read; any other group may not.
    let rows: [(mode_t, group: gid_t, refused: Bool)] = [
      (0o400, 0, false), (0o600, 0, false), (0o440, 0, false), (0o640, 54_321, true),
      (0o620, 54_321, true), (0o600, 54_321, false), (0o604, 0, true), (0o602, 0, true),
      (0o601, 0, true), (0o666, 54_321, true),
    ]
    for (mode, group, refused) in rows where geteuid() == 0 || group != 0 || mode & 0o060 == 0 {
      let directory = try CredentialDirectory.demo()
      let key = directory.path + "/api_key"
      if geteuid() == 0 { try #require(unsafe chown(key, 0, group) == 0) }
      try #require(unsafe chmod(key, mode) == 0)
      let live = Result {
        try Credentials.read(
          settings(.auto), mode: .live, environment: directory.variables.environment)
      }
      if refused {
        let error = #expect(throws: CredentialsError.self) { try live.get() }
        #expect(error == .exposed(path: key, mode: UInt32(mode)))
        #expect(error?.description.hasSuffix("run: chmod 0600 \(key)") == true)
      } else {
        #expect(try text(live.get().apiKey) == demoKey)
      }
      let validate = try Credentials.read(
        settings(.auto), mode: .validate, environment: directory.variables.environment)
      #expect(text(validate.apiKey) == demoKey)
    }
  }

  @Test func `what is no regular file is not read`() throws {
    let pipe = try CredentialDirectory().with("api_secret", demoSecret)
    try #require(unsafe mkfifo(pipe.path + "/api_key", 0o600) == 0)
    let large = try CredentialDirectory().with("api_secret", demoSecret)
      .with("api_key", String(repeating: "a", count: 4_097))
    let folder = try CredentialDirectory().with("api_secret", demoSecret)
    try #require(unsafe mkdir(folder.path + "/api_key", 0o700) == 0)
    for (directory, reason) in [
      (pipe, "it is no regular file"), (large, "it is larger than 4096 bytes"),
      (folder, "it is no regular file"),
    ] {
      let expected = CredentialsError.unreadable(
        path: directory.path + "/api_key", reason: reason)
      #expect(throws: expected) {
        try Credentials.read(
          settings(.auto), mode: .live, environment: directory.variables.environment)
      }
    }
  }

  private static let odd: [(key: String, secret: String, place: String, flaw: CredentialFlaw)] = [
    ("", demoSecret, "api_key", .empty),
    ("\n", demoSecret, "api_key", .empty),
    (demoKey + "\n\n", demoSecret, "api_key", .whitespace),
    (demoKey + "\r\n", demoSecret, "api_key", .whitespace),
    (" " + demoKey, demoSecret, "api_key", .whitespace),
    (demoKey, demoSecret + " ", "api_secret", .whitespace),
    (demoKey, demoSecret + "\t\n", "api_secret", .whitespace),
    ("\"\(demoKey)\"", demoSecret, "api_key", .quoted),
    (demoKey, "'\(demoSecret)'\n", "api_secret", .quoted),
    ("mx0aBYs33eIilxBWCé", demoSecret, "api_key", .notText),
    ("mx0aBYs33\u{0}eIilxBWC", demoSecret, "api_key", .notText),
    ("your_api_key", demoSecret, "api_key", .placeholder),
    ("YOUR-API-KEY-HERE", demoSecret, "api_key", .placeholder),
    ("<api key>".replacingOccurrences(of: " ", with: "_"), demoSecret, "api_key", .placeholder),
    (demoKey, "api_secret", "api_secret", .placeholder),
    (demoKey, "xxxxxxxxxxxxxxxx", "api_secret", .placeholder),
    (demoKey, "changeme123", "api_secret", .placeholder),
    ("mx0aBYs", demoSecret, "api_key", .length(7)),
    (demoKey, String(repeating: "ab", count: 65), "api_secret", .length(130)),
    (demoSecret, demoSecret, "api_secret", .sameAsKey),
    (demoSecret, demoKey, "api_secret", .swapped),
  ]

  @Test func `what is odd is named and not shown`() throws {
    for row in Self.odd {
      let directory = try CredentialDirectory().with("api_key", row.key)
        .with("api_secret", row.secret)
      let error = #expect(throws: CredentialsError.self) {
        try Credentials.read(
          settings(.auto), mode: .live, environment: directory.variables.environment)
      }
      #expect(error == .malformed(place: "\(directory.path)/\(row.place)", flaw: row.flaw))
      let shown = "\(error.map(String.init(describing:)) ?? "")"
      for value in [row.key, row.secret] where value.count > 10 {
        #expect(!shown.contains(value))
      }
    }
    let variables = Variables(["MEXC_API_KEY": demoKey, "MEXC_SECRET_KEY": demoSecret + "\n"])
    #expect(throws: CredentialsError.malformed(place: "MEXC_SECRET_KEY", flaw: .whitespace)) {
      try Credentials.read(settings(.auto), mode: .live, environment: variables.environment)
    }
  }

  @Test func `credentials describe themselves without their values`() throws {
    let variables = Variables(["MEXC_API_KEY": demoKey, "MEXC_SECRET_KEY": demoSecret])
    let credentials = try Credentials.read(
      settings(.auto), mode: .live, environment: variables.environment)
    var dumped = "\(credentials) \(String(reflecting: credentials))"
    dump(credentials, to: &dumped)
    #expect(!dumped.contains(demoKey))
    #expect(!dumped.contains(demoSecret))
  }
}
