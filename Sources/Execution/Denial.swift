package import Domain

/// The daemon's "no": the code that tools match on and the sentence that people read.
package struct Denial: Error, Hashable, Sendable {
  package var code: DecisionCode
  package var message: String

  package init(_ code: DecisionCode, _ message: String) {
    self.code = code
    self.message = message
  }
}
