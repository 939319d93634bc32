import Domain
import JSON

extension KeyInformation {
  /// MEXC's `remainingValidity` of a key that is bound to an address.
  private static let permanentDays = -999
  /// Of a key that is bound to none; a renewal adds as many (MEXC spot v3, "API key").
  private static let daysMaximum = 10_000

  /// From the answer of `apiKeyInfo`, with or without the wrapper of its neighbours.
  init(_ body: JSONValue) throws(Undecodable) {
    let members = body["data"]?.objectValue == nil ? body : body["data"] ?? body
    self.init(
      rights: Self.list(members["permissions"]).flatMap { $0.isEmpty ? nil : $0 }.map(Self.rights),
      standing: members.text("status").map {
        $0.uppercased() == "VALID" ? .valid : .unusable($0)
      },
      validity: members.scalarText("remainingValidity").flatMap(Self.validity),
      addresses: Self.list(members["ipWhiteList"]))
    guard rights != nil || standing != nil || validity != nil else {
      throw Undecodable("neither permissions nor status nor remainingValidity is in it")
    }
  }

  /// Comma-separated, or an array; `nil` for what is neither.
  private static func list(_ value: JSONValue?) -> [String]? {
    let words: [String]
    switch value {
    case .string(let text)?: words = text.split(separator: ",").map(String.init)
    case .array(let elements)?:
      words = elements.compactMap(\.stringValue)
      guard words.count == elements.count else { return nil }
    case .null?, .bool?, .number?, .object?, nil: return nil
    }
    return words.map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
  }

  /// Each is printed in a long and in a short form, such as `SPOT_DEAL_WRITE` and `SPOT_DEAL_W`. A
  /// word about withdrawals that is not plainly the reading of them counts as the right to make one.
  private static func rights(_ words: [String]) -> Set<Right> {
    var rights: Set<Right> = []
    for word in words.map({ $0.uppercased() }) {
      let reads = word.hasSuffix("_READ") || word.hasSuffix("_R")
      if word.contains("WITHDRAW") {
        if !reads { rights.insert(.withdraw) }
      } else if word.hasPrefix("SPOT_ACCOUNT"), reads {
        rights.insert(.readAccount)
      } else if word.hasPrefix("SPOT_DEAL") {
        rights.insert(reads ? .readOrders : .placeOrders)
      }
    }
    return rights
  }

  private static func validity(_ text: String) -> Validity? {
    guard let days = Int(text) else { return nil }
    if days == permanentDays { return .permanent }
    return (0...daysMaximum).contains(days) ? .days(days) : nil
  }
}
