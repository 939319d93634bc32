package import Domain

/// What a venue tells by itself, as the way to the exchange uses it. What comes in goes to the engine
/// as inputs.
package protocol VenueStreams: AnyObject {
  /// Takes the place of the symbols of before.
  func watchPrices(_ symbols: Set<Symbol>)
  /// Takes the place of the connection of before. `target` is a secret.
  func connectAccount(at target: String)
  /// Nothing is told any more.
  func close()
}
