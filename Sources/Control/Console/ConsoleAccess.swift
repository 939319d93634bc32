package import Configuration
import Cryptography
package import Domain
import Glibc
package import Platform

/// Who may use the console: one-time codes, which the operator's tool makes, and the sessions that
/// they become. Both programs keep them in one folder that only the daemon's user can enter, as empty
/// files whose names hold the kind, the hash of the secret, and the end in epoch milliseconds.
package struct ConsoleAccess {
  private enum Kind: String {
    case code, session
  }

  /// A secret that was handed out, and when it ends.
  package struct Grant: Sendable {
    package let secret: Secret
    package let end: WallTime
  }

  package static let codeTime = Duration.seconds(5 * 60)
  package static let sessionTime = Duration.seconds(12 * 60 * 60)
  /// 256 bits.
  private static let secretBytes = 32
  private static let separator = UInt8(ascii: ".")
  private static let addressName = Array("address".utf8)
  private static let markName = Array("mark".utf8)
  private static let markBytes = 16

  private let folder: Directory

  /// Makes the folder where it is missing. Throws when this process may not use it.
  package init(_ configuration: Configuration) throws(SystemError) {
    let path = Self.folder(configuration)
    folder = try Directory(making: path, mode: 0o700)
    guard folder.status.mode & 0o077 == 0, folder.status.owner == geteuid() else {
      throw SystemError("open", path + ", which others may enter", number: EPERM)
    }
  }

  /// Beside the database, so that each daemon's console has its own.
  package static func folder(_ configuration: Configuration) -> String {
    configuration.store.path + ".console"
  }

  // MARK: Codes and sessions

  /// Throws when the folder cannot be written to.
  package func issueCode(at now: WallTime) throws(SystemError) -> Grant {
    try removeEnded(at: now)
    return try grant(.code, for: Self.codeTime, at: now)
  }

  /// The session that a code becomes; nil when there is no such code, or it is used or over. Whoever
  /// removes the code's file has it: of two who come at once, one. Throws when the folder cannot be
  /// used.
  package func redeem(_ code: Secret, at now: WallTime) throws(SystemError) -> Grant? {
    guard let (name, end) = try entry(.code, code) else { return nil }
    do throws(SystemError) {
      try folder.remove(name)
    } catch {
      if error.isAbsence { return nil }
      throw error
    }
    guard now < end else { return nil }
    try removeEnded(at: now)
    return try grant(.session, for: Self.sessionTime, at: now)
  }

  /// When the session of this secret ends; nil when there is none. Throws when the folder cannot be
  /// read.
  package func session(_ secret: Secret, at now: WallTime) throws(SystemError) -> WallTime? {
    guard let (_, end) = try entry(.session, secret), now < end,
      end.since(now) <= Self.sessionTime
    else { return nil }
    return end
  }

  /// Throws when the session cannot be removed.
  package func endSession(_ secret: Secret) throws(SystemError) {
    if let (name, _) = try entry(.session, secret) { try remove(name) }
  }

  /// Ends every session and takes back every code; how many sessions there were. Throws when one
  /// cannot be removed.
  package func revokeAll() throws(SystemError) -> Int {
    var sessions = 0
    for name in try folder.names() {
      guard let kind = Self.parse(name)?.kind else { continue }
      if kind == .session { sessions += 1 }
      try remove(name)
    }
    return sessions
  }

  private func grant(
    _ kind: Kind, for time: Duration, at now: WallTime
  ) throws(SystemError) -> Grant {
    var digits = Array(Hexadecimal.text(of: Digest.randomBytes(Self.secretBytes)).utf8)
    let secret = Secret(taking: &digits)
    let end = now.advanced(by: time)
    let name = "\(kind.rawValue).\(Self.hash(of: secret)).\(end.milliseconds)"
    try folder.writeWhole(Array(name.utf8), [], mode: 0o600, durability: .none)
    return Grant(secret: secret, end: end)
  }

  private func removeEnded(at now: WallTime) throws(SystemError) {
    for name in try folder.names() {
      if let parsed = Self.parse(name), parsed.end <= now { try remove(name) }
    }
  }

  private func remove(_ name: [UInt8]) throws(SystemError) {
    do throws(SystemError) {
      try folder.remove(name)
    } catch {
      if !error.isAbsence { throw error }
    }
  }

  /// What is looked up is the hash: how long that takes tells nothing of the secret.
  private func entry(
    _ kind: Kind, _ secret: Secret
  ) throws(SystemError) -> (name: [UInt8], end: WallTime)? {
    let hash = Self.hash(of: secret)
    for name in try folder.names() {
      if let parsed = Self.parse(name), parsed.kind == kind, parsed.hash == hash {
        return (name, parsed.end)
      }
    }
    return nil
  }

  private static func parse(_ name: [UInt8]) -> (kind: Kind, hash: String, end: WallTime)? {
    let parts = name.split(separator: separator).map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 3, let kind = Kind(rawValue: parts[0]), let end = Int64(parts[2])
    else { return nil }
    return (kind, parts[1], WallTime(milliseconds: end))
  }

  private static func hash(of secret: Secret) -> String {
    secret.withBytes { bytes in
      Hexadecimal.text(of: Digest.sha256(bytes.indices.map { bytes[$0] }))
    }
  }

  // MARK: The console's mark

  /// Random bytes that stay with the folder: two machines have the same path. No secret. Throws when
  /// there are none yet and they cannot be written.
  package func mark() throws(SystemError) -> [UInt8] {
    let content = try? folder.readRegularFile(Self.markName, maximumBytes: Self.markBytes)
    if let mark = content?.bytes, mark.count == Self.markBytes { return mark }
    let mark = Digest.randomBytes(Self.markBytes)
    try folder.writeWhole(Self.markName, mark, mode: 0o600)
    return mark
  }

  // MARK: The console's address

  /// Where the console listens, which `--listen` and port 0 decide only at its start. Throws when it
  /// cannot be written.
  package func publish(address: String) throws(SystemError) {
    try folder.writeWhole(
      Self.addressName, Array(address.utf8), mode: 0o600, durability: .none)
  }

  /// What the console wrote last; nil when none has run.
  package var publishedAddress: String? {
    guard let content = try? folder.readRegularFile(Self.addressName, maximumBytes: 256),
      !content.bytes.isEmpty
    else { return nil }
    return String(decoding: content.bytes, as: UTF8.self)
  }
}

extension SystemError {
  fileprivate var isAbsence: Bool { number == ENOENT }
}
