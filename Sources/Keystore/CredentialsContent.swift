package import Platform

/// What the credentials file keeps.
package struct CredentialsContent: Sendable {
  /// Empty where the file keeps secrets of sources alone; so is `secretKey` then.
  package var apiKey: Secret
  package var secretKey: Secret
  /// By the source's name.
  package var sources: [String: Secret]

  package init(
    apiKey: Secret = Secret(copying: []), secretKey: Secret = Secret(copying: []),
    sources: [String: Secret] = [:]
  ) {
    self.apiKey = apiKey
    self.secretKey = secretKey
    self.sources = sources
  }

  package var hasKey: Bool { apiKey.count > 0 || secretKey.count > 0 }
  package var isEmpty: Bool { !hasKey && sources.isEmpty }
}

// MARK: - As bytes

extension CredentialsContent {
  /// Each text behind a byte with its length.
  var message: Secret {
    let named = sources.sorted { $0.key < $1.key }
      .flatMap { [Secret(copying: Array($0.key.utf8)), $0.value] }
    let texts = [apiKey, secretKey] + named
    return Secret(count: texts.reduce(0) { $0 + 1 + $1.count }) { message in
      var place = 0
      for text in texts {
        message[place] = UInt8(text.count)
        text.withBytes { bytes in
          for index in bytes.indices { message[place + 1 + index] = bytes[index] }
        }
        place += 1 + text.count
      }
    }
  }

  /// `nil` when the bytes are not what `message` makes.
  init?(_ message: Secret) {
    var texts: [Secret] = []
    var place = 0
    while place < message.count {
      guard let text = Self.text(in: message, at: place) else { return nil }
      texts.append(text)
      place += 1 + text.count
    }
    guard texts.count >= 2, texts.count.isMultiple(of: 2) else { return nil }
    self.init(apiKey: texts[0], secretKey: texts[1])
    for index in stride(from: 2, to: texts.count, by: 2) {
      let name = texts[index].withBytes { bytes in
        String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
      }
      guard sources.updateValue(texts[index + 1], forKey: name) == nil else { return nil }
    }
  }

  private static func text(in message: Secret, at place: Int) -> Secret? {
    message.withBytes { bytes in
      let end = place + 1 + Int(bytes[place])
      guard end <= bytes.count else { return nil }
      return Secret(copying: bytes.extracting((place + 1)..<end))
    }
  }
}
