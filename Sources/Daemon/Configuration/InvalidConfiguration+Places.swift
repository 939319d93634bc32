import Configuration
import Doctor

extension InvalidConfiguration {
  /// What is wrong with the text, and with the places that its sound keys name: whoever mends the file
  /// sees all of it at once.
  func withPlaces(isStart: Bool, givenSockets: Set<String> = []) -> [Violation] {
    guard let readable else { return violations }
    let places = PlaceCheck(
      readable, isStart: isStart, givenSockets: givenSockets, soundKeys: soundKeys)
    let found = places.violations.filter { $0.key.map(soundKeys.contains) ?? false }
    return (violations + found).inOrder
  }
}
