package import Configuration
import Glibc
package import Platform

/// The API key and its secret, and where they came from.
package struct Credentials {
  package enum Origin: Equatable, Sendable, CustomStringConvertible {
    /// The directory that systemd made for this service.
    case systemd(directory: String)
    case environment

    package var description: String {
      switch self {
      case .systemd(let directory): "systemd (\(directory))"
      case .environment: "the environment"
      }
    }
  }

  package let apiKey: Secret
  package let secretKey: Secret
  package let origin: Origin
}

/// Why there are no credentials to use. No case holds a value, or a piece of one.
package enum CredentialsError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Nothing at any place that the source names.
  case missing(Configuration.CredentialSettings.Source)
  /// One of the two is there and the other is not.
  case incomplete(missing: String)
  case unreadable(path: String, reason: String)
  /// Others on this machine can read the file.
  case exposed(path: String, mode: UInt32)
  /// Does not look like a key or a secret.
  case malformed(place: String, flaw: CredentialFlaw)

  package var description: String {
    switch self {
    case .missing(.auto):
      "no API key found; \(Self.systemdAdvice); without systemd, set MEXC_API_KEY and "
        + "MEXC_SECRET_KEY"
    case .missing(.systemd):
      "no API key found in $CREDENTIALS_DIRECTORY; \(Self.systemdAdvice)"
    case .missing(.environment): "no API key found; set MEXC_API_KEY and MEXC_SECRET_KEY"
    case .incomplete(let missing): "\(missing) is missing; key and secret come together"
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
    case .exposed(let path, let mode):
      "\(path) can be read by others (mode 0\(String(mode, radix: 8))); run: chmod 0600 \(path)"
    case .malformed(let place, let flaw): "\(place) \(flaw.sentence)"
    }
  }
}

extension CredentialsError {
  private static let systemdAdvice =
    "under the shipped unit, put it into /etc/credstore/mexc-signald.api_key and its secret into "
    + "mexc-signald.api_secret beside it (mode 0600; of an instance: mexc-signald-NAME.api_key), "
    + "and restart; another unit needs LoadCredential=api_key:… and api_secret:…"
}

extension Credentials {
  /// Reads key and secret. The files of a live daemon must be closed to other users; variables are
  /// erased from the environment once they are read. Throws when the source has none, or when they
  /// may not be used as they are.
  package static func read(
    _ source: Configuration.CredentialSettings.Source, mode: Configuration.Mode,
    environment: CredentialEnvironment = .process
  ) throws(CredentialsError) -> Credentials {
    guard let origin = origin(source, environment: environment) else { throw .missing(source) }
    var key: [UInt8]
    var secret: [UInt8]
    switch origin {
    case .systemd(let directory):
      let refusesExposed = mode == .live
      key = try contents(of: directory + "/api_key", refusesExposed: refusesExposed)
      secret = try contents(of: directory + "/api_secret", refusesExposed: refusesExposed)
    case .environment:
      key = try take("MEXC_API_KEY", from: environment)
      secret = try take("MEXC_SECRET_KEY", from: environment)
    }
    defer {
      Secret.erase(&key)
      Secret.erase(&secret)
    }
    try check(key, secret, from: origin)
    return Credentials(
      apiKey: Secret(copying: key), secretKey: Secret(copying: secret), origin: origin)
  }

  /// Where key and secret would be read; `nil` when the source has neither. Reads no value.
  package static func origin(
    _ source: Configuration.CredentialSettings.Source,
    environment: CredentialEnvironment = .process
  ) -> Origin? {
    switch source {
    case .systemd: return systemd(environment)
    case .environment:
      let names = ["MEXC_API_KEY", "MEXC_SECRET_KEY"]
      return names.contains { environment.isSet($0) } ? .environment : nil
    case .auto: return systemd(environment) ?? origin(.environment, environment: environment)
    }
  }

  private static func systemd(_ environment: CredentialEnvironment) -> Origin? {
    guard let directory = environment.value("CREDENTIALS_DIRECTORY"), !directory.isEmpty
    else { return nil }
    let path = String(decoding: directory, as: UTF8.self)
    let isThere = ["/api_key", "/api_secret"].contains { name in
      unsafe access(path + name, F_OK) == 0
    }
    return isThere ? .systemd(directory: path) : nil
  }

  private static func take(
    _ name: String, from environment: CredentialEnvironment
  ) throws(CredentialsError) -> [UInt8] {
    guard environment.isSet(name), let value = environment.value(name)
    else { throw .incomplete(missing: name) }
    environment.erase(name)
    return value
  }

  private static func check(
    _ key: [UInt8], _ secret: [UInt8], from origin: Origin
  ) throws(CredentialsError) {
    let names: (key: String, secret: String)
    switch origin {
    case .systemd(let directory): names = (directory + "/api_key", directory + "/api_secret")
    case .environment: names = ("MEXC_API_KEY", "MEXC_SECRET_KEY")
    }
    if let flaw = CredentialFlaw(in: key) { throw .malformed(place: names.key, flaw: flaw) }
    if let flaw = CredentialFlaw(in: secret) { throw .malformed(place: names.secret, flaw: flaw) }
    if key == secret { throw .malformed(place: names.secret, flaw: .sameAsKey) }
    // MEXC's API keys begin with mx0; its secrets are hexadecimal.
    let mark = Array("mx0".utf8)
    if secret.starts(with: mark), !key.starts(with: mark) {
      throw .malformed(place: names.secret, flaw: .swapped)
    }
  }
}

// MARK: - Files

extension Credentials {
  /// No key comes near; it bounds what a wrong file costs.
  private static let maximumFileBytes = 4_096

  /// The content of a file without the one line end that editors put last.
  private static func contents(
    of path: String, refusesExposed: Bool
  ) throws(CredentialsError) -> [UInt8] {
    // O_NONBLOCK: a pipe that nobody writes to must not stop the start.
    let opened = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard opened >= 0 else {
      if errno == ENOENT { throw .incomplete(missing: path) }
      throw unreadable(path)
    }
    let file = FileDescriptor(owning: opened)
    var status = stat()
    guard unsafe fstat(file.number, &status) == 0 else { throw unreadable(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: "it is no regular file")
    }
    if refusesExposed, isExposed(status) {
      throw .exposed(path: path, mode: UInt32(status.st_mode) & 0o7777)
    }
    guard status.st_size <= maximumFileBytes else {
      throw .unreadable(path: path, reason: "it is larger than \(maximumFileBytes) bytes")
    }
    var bytes = [UInt8](repeating: 0, count: maximumFileBytes)
    let count = retryingInterrupts {
      unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(file.number, buffer.baseAddress, buffer.count)
      }
    }
    guard count >= 0 else { throw unreadable(path) }
    defer { Secret.erase(&bytes) }
    let content = bytes.prefix(count)
    return Array(content.last == UInt8(ascii: "\n") ? content.dropLast() : content)
  }

  /// systemd's own files are readable for their owner, or for the group root (systemd.exec(5)).
  private static func isExposed(_ status: stat) -> Bool {
    let mode = UInt32(status.st_mode)
    return mode & 0o007 != 0 || (mode & 0o060 != 0 && status.st_gid != 0)
  }

  private static func unreadable(_ path: String) -> CredentialsError {
    .unreadable(path: path, reason: unsafe String(cString: strerror(errno)))
  }
}
