package import JSON

/// A change of an answer's members, for answers that are almost right.
package struct Patch: Hashable, Sendable {
  package var set: [JSONMember]
  /// Members that are taken away.
  package var remove: [String]
  /// Of an answer that is an array, or has one called `symbols`: only the rows of this symbol.
  package var rowSymbol: String?

  package init(set: [JSONMember], remove: [String] = [], rowSymbol: String? = nil) {
    self.set = set
    self.remove = remove
    self.rowSymbol = rowSymbol
  }

  /// Changes every row of an array, the rows of `symbols` in an object that has them (exchangeInfo),
  /// else the object itself.
  func applied(to answer: JSONValue) -> JSONValue {
    switch answer {
    case .array(let rows): .array(rows.map { changed($0) })
    case .object(let members) where answer["symbols"]?.arrayValue != nil:
      .object(
        members.map { member in
          guard member.name == "symbols", let rows = member.value.arrayValue else { return member }
          return JSONMember(name: member.name, value: .array(rows.map { changed($0) }))
        })
    case .object: changed(answer)
    case .null, .bool, .number, .string: answer
    }
  }

  private func changed(_ row: JSONValue) -> JSONValue {
    guard case .object(let members) = row else { return row }
    if let rowSymbol, row["symbol"]?.stringValue != rowSymbol { return row }
    var kept = members.filter { member in
      !remove.contains(member.name) && !set.contains { $0.name == member.name }
    }
    kept += set
    return .object(kept)
  }
}
