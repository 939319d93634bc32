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
  package static func shown(_ argument: String) -> String {
    let looksLikeKey = argument.lowercased().contains("mx0")
    guard !looksLikeKey, argument.unicodeScalars.count <= longestShown else { return "" }
    return " '\(ByteText.printable(argument))'"
  }
}
