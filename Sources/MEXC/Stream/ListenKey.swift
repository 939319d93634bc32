import Platform

/// The name of an account's stream. Whoever has it reads the account's orders and balances, so that it
/// is kept like the API's secret.
package struct ListenKey {
  /// MEXC's have some 64 characters; more than this is something else.
  private static let lengths = 1...512

  private let secret: Secret

  /// `nil` for a text that cannot be one: empty, too long, or of more than visible ASCII.
  package init?(_ text: String) {
    guard Self.lengths.contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    secret = Secret(copying: Array(text.utf8))
  }

  /// For the one who sends it; it goes into no log and no error.
  var text: String {
    secret.withBytes { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
  }

  /// As it stands in a request.
  var encoded: String { String(target("").dropFirst("?listenKey=".count)) }

  /// The request target that opens the stream at `path`. A secret, like the key in it.
  package func target(_ path: String) -> String {
    var target = RequestTarget()
    target.begin(path)
    target.add("listenKey", text)
    return target.text
  }
}
