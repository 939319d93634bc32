extension StringProtocol {
  /// At most so many Unicode scalars from the front. Whoever bounds what a stranger wrote must not
  /// count characters: one letter with a thousand accents is a single one.
  package func prefix(scalars maximum: Int) -> String {
    String(String.UnicodeScalarView(unicodeScalars.prefix(maximum)))
  }
}
