package import Domain
package import Execution

/// What a venue tells by itself, as the way to the exchange uses it. What comes in goes to the engine
/// as inputs.
package protocol VenueStreams: AnyObject {
  /// Called with everything that comes, never inside a call of the owner.
  var onInput: ((Input) -> Void)? { get set }
  /// Takes the place of the symbols of before.
  func watchPrices(_ symbols: Set<Symbol>)
  /// Takes the place of the connection of before. `target` is a secret.
  func connectAccount(at target: String)
  /// Nothing is told any more.
  func close()
}
