package import Domain
import JSON

/// A line of a source that says only that it is there: `{"heartbeat":"NAME"}`, with `created_at` and
/// `signature` where the source signs.
package struct Heartbeat: Sendable {
  package let source: String
  package let createdAt: WallTime?
  package let signature: SignalSignature?

  /// The member that makes an object a heartbeat and no signal.
  package static let field = "heartbeat"

  /// `nil` when the text is no heartbeat. Throws why one cannot be taken.
  package init?(_ bytes: [UInt8]) throws(SignalRefusal) {
    guard let members = (try? JSONReader.read(bytes))?.objectValue,
      let name = members.first(where: { $0.name == Self.field })
    else { return nil }
    let known = [SignalField.createdAt.name, SignalField.signature.name, Self.field]
    if let other = members.first(where: { !known.contains($0.name) }) {
      throw SignalRefusal(
        code: .unknownField, id: nil, field: other.name, position: other.position,
        message: "A heartbeat has no field \(Quoted.text(other.name)). The fields are: "
          + known.joined(separator: ", ") + ".")
    }
    guard let source = name.value.stringValue else {
      throw Self.refusal("must be the name of a source, not \(name.value.kindWithArticle)")
    }
    let fields = SignalFields(members)
    self.source = source
    createdAt = try fields.time(.createdAt)
    signature = try SignalReader.signature(in: fields)
  }

  package static func refusal(_ problem: String) -> SignalRefusal {
    SignalRefusal(
      code: .invalidField, id: nil, field: field, position: nil,
      message: "\(field) \(problem).")
  }
}
