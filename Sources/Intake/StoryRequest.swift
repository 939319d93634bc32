package import Domain
import JSON

/// A line that asks what became of a signal: `{"explain":"ID"}`.
package struct StoryRequest: Sendable {
  package let id: SignalID

  /// The member that makes an object such a request and no signal.
  package static let field = "explain"

  /// `nil` when the text is none. Throws why one cannot be answered.
  package init?(_ bytes: [UInt8]) throws(SignalRefusal) {
    guard let members = (try? JSONReader.read(bytes))?.objectValue,
      let name = members.first(where: { $0.name == Self.field })
    else { return nil }
    guard members.count == 1, let id = name.value.stringValue.flatMap(SignalID.init) else {
      throw SignalRefusal(
        code: .invalidField, id: nil, field: Self.field, position: name.position,
        message: "\(Self.field) stands alone, with the id of a signal.")
    }
    self.id = id
  }
}
