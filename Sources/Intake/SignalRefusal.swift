package import Domain
package import JSON

/// Why a text is not a signal.
package struct SignalRefusal: Error, Equatable, Sendable {
  /// What a reader finds is one of `invalid_json`, `unknown_field`, `invalid_field`, `too_large`,
  /// `unreadable_file` and `unauthenticated`.
  package let code: DecisionCode
  /// The id, when the text was JSON and its id is well formed.
  package let id: SignalID?
  /// The field that the refusal names; `nil` when no single field is to blame.
  package let field: String?
  /// Where the text is wrong, or where the field's name stands; `nil` for a field that is missing.
  package let position: JSONPosition?
  /// One sentence for a person. Names the field; repeats at most a bounded part of its value.
  package let message: String
  /// The text may be the beginning of a signal: it is empty, or the bytes ran out.
  package let breaksOff: Bool

  package init(
    code: DecisionCode, id: SignalID?, field: String?, position: JSONPosition?, message: String,
    breaksOff: Bool = false
  ) {
    self.code = code
    self.id = id
    self.field = field
    self.position = position
    self.message = message
    self.breaksOff = breaksOff
  }
}

/// What the message repeats of a text that came from outside.
enum Quoted {
  /// Unicode scalars; longer texts are cut.
  private static let maximumLength = 64

  /// As a JSON string on one line: printable, and unable to imitate the rest of the message.
  static func text(_ text: String) -> String {
    let cut = text.prefix(scalars: maximumLength)
    let shown = JSONValue.string(cut).compactText()
    return cut.utf8.count == text.utf8.count ? shown : shown + "…"
  }
}
