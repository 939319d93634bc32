import Foundation

/// An authority and certificates of every kind, made by the `openssl` command for one test run.
struct Certificates: Codable, Sendable {
  struct Pair: Codable, Sendable {
    let certificate: String
    let key: String
  }

  let authority: String
  let otherAuthority: String
  /// For localhost, 127.0.0.1 and ::1.
  let good: Pair
  let expired: Pair
  let notYetValid: Pair
  let wrongHost: Pair
  /// The right name only in the subject, where it does not count (RFC 9110 §4.3.4).
  let commonNameOnly: Pair
  let selfSigned: Pair
  let ofOtherAuthority: Pair

  /// Made once for all tests of this process, and removed when it ends.
  static let shared = Result {
    atexit { try? FileManager.default.removeItem(at: Certificates.folder) }
    return try Certificates()
  }

  private static let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("transport-tests-\(ProcessInfo.processInfo.processIdentifier)")

  private static let names = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"

  private init() throws {
    try FileManager.default.createDirectory(
      at: Self.folder, withIntermediateDirectories: true)
    let maker = Maker(folder: Self.folder)
    authority = try maker.authority("authority")
    otherAuthority = try maker.authority("other")
    good = try maker.leaf("good", by: "authority", names: Self.names)
    expired = try maker.leaf(
      "expired", by: "authority", names: Self.names, from: "20200101000000Z", to: "20200201000000Z")
    notYetValid = try maker.leaf(
      "early", by: "authority", names: Self.names, from: "20900101000000Z", to: "20910101000000Z")
    wrongHost = try maker.leaf(
      "wrong", by: "authority", names: "subjectAltName=DNS:example.org,IP:127.0.0.2")
    commonNameOnly = try maker.leaf("common", by: "authority", names: "basicConstraints=CA:FALSE")
    ofOtherAuthority = try maker.leaf("foreign", by: "other", names: Self.names)
    try maker.run(
      ["req", "-x509"] + Maker.newKey("self") + ["-out", "self.pem", "-days", "30"]
        + ["-addext", Self.names, "-subj", "/CN=localhost"])
    selfSigned = maker.pair("self")
  }

  private struct Maker {
    let folder: URL

    static func newKey(_ name: String) -> [String] {
      ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(name).key"]
    }

    func authority(_ name: String) throws -> String {
      try run(
        ["req", "-x509"] + Self.newKey(name)
          + ["-out", "\(name).pem", "-days", "30", "-subj", "/CN=Test \(name)"])
      try Data().write(to: folder.appendingPathComponent("\(name).index"))
      return folder.appendingPathComponent("\(name).pem").path
    }

    func leaf(
      _ name: String, by authority: String, names: String, from: String = "", to: String = ""
    ) throws -> Pair {
      try run(["req"] + Self.newKey(name) + ["-out", "\(name).csr", "-subj", "/CN=localhost"])
      let extensions = folder.appendingPathComponent("\(name).ext")
      try Data((names + "\n").utf8).write(to: extensions)
      let settings = folder.appendingPathComponent("\(name).cnf")
      let text = """
        [ca]
        default_ca = one
        [one]
        database = \(authority).index
        new_certs_dir = .
        default_md = sha256
        policy = any
        unique_subject = no
        rand_serial = yes
        [any]
        commonName = supplied
        """
      try Data(text.utf8).write(to: settings)
      let validity = from.isEmpty ? ["-days", "30"] : ["-startdate", from, "-enddate", to]
      try run(
        ["ca", "-batch", "-notext", "-config", "\(name).cnf", "-in", "\(name).csr"]
          + ["-cert", "\(authority).pem", "-keyfile", "\(authority).key", "-out", "\(name).pem"]
          + ["-extfile", "\(name).ext"] + validity)
      return pair(name)
    }

    func pair(_ name: String) -> Pair {
      Pair(
        certificate: folder.appendingPathComponent("\(name).pem").path,
        key: folder.appendingPathComponent("\(name).key").path)
    }

    func run(_ arguments: [String]) throws {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
      process.arguments = arguments
      process.currentDirectoryURL = folder
      let output = Pipe()
      process.standardError = output
      process.standardOutput = output
      try process.run()
      let text = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else {
        throw Failure(text: String(decoding: text, as: UTF8.self))
      }
    }

    struct Failure: Error {
      let text: String
    }
  }
}
