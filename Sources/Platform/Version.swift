/// What the program calls itself.
package enum Version {
  package static let text = "0.1.0"
  /// What it calls itself towards the exchange.
  package static let userAgent = "mexc-signald/\(text)"
}
