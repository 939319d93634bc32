import Domain
import JSON
import Platform

/// The members of a signal's object, read field by field into the types that they must have.
struct SignalFields {
  private let members: [JSONMember]
  /// Where among the members each of the fields stands; negative for one that is not there.
  private var places = InlineArray<16, Int16>(repeating: -1)
  /// Where the first member stands that no signal has; negative when there is none.
  private var unknown = -1
  /// For refusals, too; `nil` when the id itself is wrong.
  let id: SignalID?

  /// `members` are from a reader that takes no name twice, with the limits of a signal.
  init(_ members: [JSONMember]) {
    self.members = members
    for place in members.indices {
      if let field = SignalField(name: members[place].name) {
        places[field.rawValue] = Int16(place)
      } else if unknown < 0 {
        unknown = place
      }
    }
    let place = Int(places[SignalField.id.rawValue])
    if place >= 0, case .string(let text) = members[place].value {
      id = SignalID(text)
    } else {
      id = nil
    }
  }

  func refuseUnknown() throws(SignalRefusal) {
    guard unknown >= 0 else { return }
    let unknown = members[unknown]
    let known = SignalField.allCases.map(\.name).joined(separator: ", ")
    throw SignalRefusal(
      code: .unknownField, id: id, field: unknown.name, position: unknown.position,
      message: "There is no field \(Quoted.text(unknown.name)). The fields are: \(known).")
  }

  /// A refusal that reads "`field` `problem`".
  func refusal(_ field: SignalField, _ problem: String) -> SignalRefusal {
    SignalRefusal(
      code: .invalidField, id: id, field: field.name,
      position: place(of: field).map { members[$0].position },
      message: "\(field.name) \(problem).")
  }

  func isPresent(_ field: SignalField) -> Bool {
    place(of: field) != nil
  }

  private func place(of field: SignalField) -> Int? {
    let place = places[field.rawValue]
    return place < 0 ? nil : Int(place)
  }

  private func value(_ field: SignalField) -> JSONValue? {
    place(of: field).map { members[$0].value }
  }

  /// What a signature covers: every other field, as it came.
  var signedText: String {
    CanonicalJSON.text(of: members.filter { $0.name != SignalField.signature.name })
  }

  // MARK: Text

  func string(_ field: SignalField) throws(SignalRefusal) -> String? {
    guard let value = value(field) else { return nil }
    guard case .string(let text) = value else {
      throw refusal(field, "must be a string, not \(value.kindWithArticle)")
    }
    return text
  }

  func requiredString(_ field: SignalField) throws(SignalRefusal) -> String {
    guard let text = try string(field) else { throw refusal(field, "is missing") }
    return text
  }

  /// Free text, kept as it is. The length counts Unicode scalars.
  func text(_ field: SignalField, maximumLength: Int) throws(SignalRefusal) -> String? {
    guard let text = try string(field) else { return nil }
    // There are at least as many bytes as scalars.
    if text.utf8.count > maximumLength, text.unicodeScalars.count > maximumLength {
      throw refusal(field, "is longer than \(maximumLength) characters")
    }
    return text
  }

  // MARK: Numbers

  /// The text of a number, which may also be written as a string.
  private func number(_ field: SignalField) throws(SignalRefusal) -> String? {
    guard let value = value(field) else { return nil }
    switch value {
    case .number(let text), .string(let text):
      return text
    case .null, .bool, .array, .object:
      throw refusal(
        field, "must be a number, or a string that holds one, not \(value.kindWithArticle)")
    }
  }

  /// An exact number greater than zero.
  func decimal(_ field: SignalField) throws(SignalRefusal) -> FixedDecimal? {
    guard let text = try number(field) else { return nil }
    let value: FixedDecimal
    do throws(FixedDecimal.ParseError) {
      value = try FixedDecimal(text)
      if Self.hasLongFraction(text) { throw .tooPrecise }
    } catch {
      switch error {
      case .malformed:
        throw refusal(field, "must be a plain decimal number, not \(Quoted.text(text))")
      case .exponent:
        throw refusal(field, "must be written out, without an exponent: \(Quoted.text(text))")
      case .tooPrecise:
        throw refusal(
          field,
          "has more than \(FixedDecimal.fractionDigits) digits after the point: \(Quoted.text(text))"
        )
      case .tooLarge:
        throw refusal(field, "is too large: \(Quoted.text(text))")
      }
    }
    guard value.isPositive else {
      throw refusal(field, "must be greater than zero, not \(Quoted.text(text))")
    }
    return value
  }

  /// Zeros at the end count: a text that is longer than the contract allows is refused whole.
  private static func hasLongFraction(_ text: String) -> Bool {
    // A digit and a point stand before the fraction.
    guard text.utf8.count > FixedDecimal.fractionDigits + 2,
      let point = text.utf8.firstIndex(of: UInt8(ascii: "."))
    else { return false }
    return text.utf8[point...].count > FixedDecimal.fractionDigits + 1
  }

  /// A whole number from 0 to 2⁵³ − 1, which a binary float counts exactly.
  func count(_ field: SignalField) throws(SignalRefusal) -> Int64? {
    guard let text = try number(field) else { return nil }
    guard !text.hasPrefix("+"), let value = Int64(text), (0..<(1 << 53)).contains(value) else {
      throw refusal(
        field, "must be a whole number from 0 to 9007199254740991, not \(Quoted.text(text))")
    }
    return value
  }

  // MARK: Times

  /// From 2000 to 9999: whatever lies outside was meant in another unit.
  private static let times =
    WallTime(milliseconds: 946_684_800_000)...WallTime(milliseconds: 253_402_300_799_999)

  /// RFC 3339, or milliseconds since 1970 as a number or a string of digits.
  func time(_ field: SignalField) throws(SignalRefusal) -> WallTime? {
    guard let text = try number(field) else { return nil }
    let time: WallTime?
    if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
      time = Int64(text).map(WallTime.init(milliseconds:))
    } else {
      time = Timestamp.parse(text)
    }
    guard let time else {
      throw refusal(
        field,
        "must be a time like 2026-01-31T12:00:00Z or milliseconds since 1970, "
          + "not \(Quoted.text(text))")
    }
    guard Self.times.contains(time) else {
      throw refusal(
        field,
        "is not between the years 2000 and 9999; a number counts milliseconds: "
          + Quoted.text(text))
    }
    return time
  }

  /// A year. A signal that is meant to live longer is a mistake in the unit.
  private static let durationMaximum = FixedDecimal(31_536_000)

  /// Seconds greater than zero, to the millisecond.
  func duration(_ field: SignalField) throws(SignalRefusal) -> Duration? {
    guard let seconds = try decimal(field) else { return nil }
    guard seconds <= Self.durationMaximum else {
      throw refusal(field, "must be at most \(Self.durationMaximum)")
    }
    let unitsPerMillisecond = FixedDecimal(1).units / 1_000
    let (milliseconds, rest) = seconds.units.quotientAndRemainder(dividingBy: unitsPerMillisecond)
    guard rest == 0 else { throw refusal(field, "is finer than a millisecond") }
    return .milliseconds(Int64(milliseconds))
  }
}
