import Glibc
package import Platform

/// What is odd about the text of a key or a secret; never the text itself.
package enum CredentialFlaw: Equatable, Sendable {
  case empty
  /// A space, a tab or a line end, at either end or inside.
  case whitespace
  case quoted
  /// A byte that is no visible ASCII character.
  case notText
  case placeholder
  case length(Int)
  case sameAsKey
  case swapped

  /// MEXC's keys have 18 characters and its secrets 32; the bounds leave room for other lengths
  /// and still catch half of a copy and two in one.
  static let lengths = 8...128

  /// Something odd about `bytes`; `nil` when they can be a key or a secret.
  init?(in bytes: [UInt8]) {
    if bytes.isEmpty {
      self = .empty
    } else if bytes.contains(where: { $0 == 0x20 || (0x09...0x0D).contains($0) }) {
      self = .whitespace
    } else if bytes.contains(where: { [0x22, 0x27, 0x60].contains($0) }) {
      self = .quoted
    } else if bytes.contains(where: { !(0x21...0x7E).contains($0) }) {
      self = .notText
    } else if Self.isPlaceholder(bytes) {
      self = .placeholder
    } else if !Self.lengths.contains(bytes.count) {
      self = .length(bytes.count)
    } else {
      return nil
    }
  }

  /// What is odd about a pair, and which of the two `names` has it; `nil` when nothing is.
  package static func of(
    _ pair: (key: Secret, secret: Secret), _ names: (key: String, secret: String)
  ) -> (place: String, flaw: CredentialFlaw)? {
    if let flaw = CredentialFlaw(in: pair.key) { return (names.key, flaw) }
    if let flaw = CredentialFlaw(in: pair.secret) { return (names.secret, flaw) }
    if pair.key.equals(pair.secret) { return (names.secret, .sameAsKey) }
    // MEXC's API keys begin with mx0; its secrets are hexadecimal.
    if isMarked(pair.secret), !isMarked(pair.key) { return (names.secret, .swapped) }
    return nil
  }

  private static func isMarked(_ value: Secret) -> Bool {
    value.withBytes { bytes in
      bytes.count >= 3 && (0..<3).allSatisfy { bytes[$0] == Array("mx0".utf8)[$0] }
    }
  }

  private init?(in value: Secret) {
    var bytes = value.withBytes { bytes in bytes.indices.map { bytes[$0] } }
    defer { Secret.erase(&bytes) }
    self.init(in: bytes)
  }

  /// Text of an example that was not replaced.
  private static func isPlaceholder(_ bytes: [UInt8]) -> Bool {
    if bytes.first == UInt8(ascii: "<") || bytes.first == UInt8(ascii: "$") { return true }
    if bytes.allSatisfy({ $0 == bytes[0] }) { return true }
    var text = ""
    for byte in bytes {
      let scalar = Character(UnicodeScalar(byte))
      if scalar.isLetter { text += scalar.lowercased() }
    }
    return ["your", "changeme", "replaceme", "placeholder"].contains { text.contains($0) }
      || ["apikey", "apisecret", "secretkey", "mexcapikey", "mexcsecretkey"].contains(text)
  }

  var sentence: String {
    switch self {
    case .empty: "is empty; put the text in that MEXC showed"
    case .whitespace: "holds a space or a line end; copy it again, alone and on one line"
    case .quoted: "holds a quotation mark; write it without quotes"
    case .notText: "holds a byte that no key has; save it as plain text"
    case .placeholder: "is still the text of an example; put your own in"
    case .length(let count):
      "has \(count) characters; a key or a secret has \(Self.lengths.lowerBound) to "
        + "\(Self.lengths.upperBound)"
    case .sameAsKey: "is the same text as the API key; put the secret in"
    case .swapped: "holds an API key; key and secret are swapped"
    }
  }
}

/// The variables of a process that name or hold credentials.
package struct CredentialEnvironment {
  /// The bytes of a variable; `nil` when it is not set.
  package let value: (String) -> [UInt8]?
  /// Makes the variable's value unreadable, in this process and to those who look at it.
  package let erase: (String) -> Void

  package init(
    value: @escaping (String) -> [UInt8]?, erase: @escaping (String) -> Void
  ) {
    self.value = value
    self.erase = erase
  }

  /// An empty variable counts as not set.
  func isSet(_ name: String) -> Bool {
    value(name).map { !$0.isEmpty } ?? false
  }

  /// The directory that systemd made for this service, when one of the credentials is in it.
  func credentialsDirectory(with names: [String]) -> String? {
    guard let bytes = value("CREDENTIALS_DIRECTORY"), !bytes.isEmpty else { return nil }
    let path = String(decoding: bytes, as: UTF8.self)
    return names.contains { unsafe access("\(path)/\($0)", F_OK) == 0 } ? path : nil
  }

  /// This process. Only while it has a single thread (getenv(3)).
  package static var process: CredentialEnvironment {
    CredentialEnvironment { name in
      guard let text = unsafe getenv(name) else { return nil }
      return unsafe UnsafeRawBufferPointer(start: text, count: strlen(text)).map(\.self)
    } erase: { name in
      // unsetenv(3) only forgets the pointer; the value would stay in /proc/PID/environ.
      if let text = unsafe getenv(name) { unsafe explicit_bzero(text, strlen(text)) }
      unsafe unsetenv(name)
    }
  }
}
