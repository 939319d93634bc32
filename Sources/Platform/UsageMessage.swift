/// Wrong usage, as all programs of the package say it: one line that ends with the way to the rest.
package enum UsageMessage {
  package static func text(_ program: String, _ flaw: String) -> String {
    let hint = "see '\(program) --help'"
    return "\(program): " + (flaw.hasSuffix("?") ? "\(flaw) Else \(hint)" : "\(flaw); \(hint)")
  }

  /// Longer than every name of ours, and shorter than a secret.
  private static let longestShown = 24

  /// A wrong argument as a message may repeat it, in quotes; nothing when it may be an API key or a
  /// secret, given by mistake.
  package static func shown(_ argument: String) -> String { shown(Array(argument.utf8)) }

  /// The same for one that need not be text.
  static func shown(_ argument: [UInt8]) -> String {
    let text = String(decoding: argument, as: UTF8.self)
    let looksLikeKey = text.lowercased().contains("mx0")
    guard !looksLikeKey, text.unicodeScalars.count <= longestShown else { return "" }
    return " '\(ByteText.printable(argument))'"
  }
}
