import Glibc

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
