import Domain
import Intake
import JSON

enum SignalCheck {
  /// Small, so that inputs beyond it come up.
  static let maximumBytes = 2_048
  /// Every byte written as an escape of six, with indentation.
  private static let rewrittenMaximum = 16 * maximumBytes

  static func check(_ input: [UInt8]) throws(Broken) {
    let signal: Signal
    let signature: SignalSignature?
    do throws(SignalRefusal) {
      (signal, signature) = try SignalReader.readSigned(input, maximumBytes: maximumBytes)
    } catch {
      return try check(error, of: input)
    }
    try require(input.count <= maximumBytes, "taken, and longer than allowed")
    try checkForm(signal)
    guard let members = (try? JSONReader.read(input))?.objectValue else {
      throw Broken("taken, and no JSON object")
    }
    let reversed = JSONValue.object(members.reversed())
    for text in [reversed.compactText(), reversed.prettyText()] {
      let again: Signal
      let signatureAgain: SignalSignature?
      do throws(SignalRefusal) {
        (again, signatureAgain) = try SignalReader.readSigned(
          Array(text.utf8), maximumBytes: rewrittenMaximum)
      } catch {
        throw Broken("taken, and refused in another order of its fields: \(error.message)")
      }
      try require(again == signal, "another order of the fields is another signal")
      try require(
        haveSameBytes(signatureAgain?.signedText ?? "", signature?.signedText ?? ""),
        "another order of the fields has another signed text")
      try require(
        haveSameBytes(again.canonicalText, signal.canonicalText),
        "another order of the fields has another canonical text")
    }
  }

  private static func checkForm(_ signal: Signal) throws(Broken) {
    switch signal.amount {
    case .base(let amount), .quote(let amount):
      try require(amount.isPositive, "an amount that is not above zero")
    }
    try require((signal.price != nil) == signal.type.hasPrice, "type and price do not agree")
    for number in [signal.price, signal.referencePrice, signal.maximumDeviation] {
      try require(number?.isPositive ?? true, "a number that is not above zero")
    }
    switch signal.expiry {
    case .timeToLive(let duration): try require(duration > .zero, "a life of nothing")
    case .at(let time):
      try require(signal.createdAt.map { $0 < time } ?? true, "expires before it was made")
    case .unstated: break
    }
  }

  private static func check(_ refusal: SignalRefusal, of input: [UInt8]) throws(Broken) {
    try requireMessage(refusal.message)
    if let position = refusal.position {
      try require(
        (0...input.count).contains(position.offset) && position.line >= 1 && position.column >= 1,
        "a refusal that points outside the text")
    }
    let codes: [DecisionCode] = [.tooLarge, .invalidJSON, .unknownField, .invalidField]
    try require(codes.contains(refusal.code), "a signal refused as \(refusal.code.rawValue)")
    if refusal.code == .tooLarge {
      try require(input.count > maximumBytes, "too large, and within the limit")
    }
  }
}
