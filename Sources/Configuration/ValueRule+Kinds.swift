import Domain
import JSON
import Platform

extension ValueRule {
  /// `null` beside what another rule takes.
  static func optional<Wrapped>(_ rule: ValueRule<Wrapped>) -> Self where Value == Wrapped? {
    ValueRule(expected: rule.expected + ", or null") { value throws(ValueFault) in
      if value.isNull { return nil }
      return try rule.read(value)
    } write: {
      $0.map(rule.write) ?? .null
    }
  }
}

extension ValueRule where Value: Equatable {
  /// One word of a list.
  fileprivate static func choice(
    _ values: [Value], named name: @escaping (Value) -> String
  ) -> Self {
    let words = values.map { "\"\(name($0))\"" }
    let expected = words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
    return ValueRule(expected: expected) { value throws(ValueFault) in
      guard case .string(let word) = value else { throw .kind }
      if let choice = values.first(where: { name($0) == word }) { return choice }
      throw .value("is not one of the words for this key")
    } write: {
      .string(name($0))
    }
  }
}

extension ValueRule where Value: RawRepresentable<String> & CaseIterable & Equatable {
  static var choice: Self { choice(Array(Value.allCases), named: \.rawValue) }
}

extension ValueRule where Value: RawRepresentable<Int> & CaseIterable {
  /// One of a few numbers.
  static func number(of unit: String) -> Self {
    let words = Value.allCases.map { String($0.rawValue) }
    return ValueRule(expected: words.joined(separator: " or ") + " " + unit) {
      value throws(ValueFault) in
      guard case .number(let text) = value else { throw .kind }
      guard let choice = Value.allCases.first(where: { String($0.rawValue) == text }) else {
        throw .value("is not one of the numbers for this key")
      }
      return choice
    } write: {
      .integer($0.rawValue)
    }
  }
}

extension ValueRule where Value == LogLevel {
  static var level: Self { choice(LogLevel.allCases, named: \.name) }
}

extension ValueRule where Value == Bool {
  static var flag: Self {
    ValueRule(expected: "true or false") { value throws(ValueFault) in
      guard case .bool(let flag) = value else { throw .kind }
      return flag
    } write: {
      .bool($0)
    }
  }
}

extension ValueRule where Value == Int {
  static func integer(_ range: ClosedRange<Int>, unit: String? = nil) -> Self {
    let of = unit.map { " of \($0)" } ?? ""
    return ValueRule(
      expected: "a whole number\(of) from \(range.lowerBound) to \(range.upperBound)"
    ) { value throws(ValueFault) in
      guard case .number(let text) = value else { throw .kind }
      guard text.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) })
      else { throw .value("is not a whole number") }
      guard let number = Int(text), range.contains(number) else { throw .value("is out of range") }
      return number
    } write: {
      .integer($0)
    }
  }
}

extension ValueRule where Value == Duration {
  static func milliseconds(_ range: ClosedRange<Int>) -> Self {
    let rule = ValueRule<Int>.integer(range, unit: "milliseconds")
    return ValueRule(expected: rule.expected) { value throws(ValueFault) in
      .milliseconds(try rule.read(value))
    } write: {
      .integer($0.wholeMilliseconds)
    }
  }

  static func seconds(_ range: ClosedRange<Int>) -> Self {
    let rule = ValueRule<Int>.integer(range, unit: "seconds")
    return ValueRule(expected: rule.expected) { value throws(ValueFault) in
      .seconds(try rule.read(value))
    } write: {
      .integer($0.wholeMilliseconds / 1_000)
    }
  }

  static func days(_ range: ClosedRange<Int>) -> Self {
    let millisecondsEach = 86_400_000
    let rule = ValueRule<Int>.integer(range, unit: "days")
    return ValueRule(expected: rule.expected) { value throws(ValueFault) in
      .milliseconds(try rule.read(value) * millisecondsEach)
    } write: {
      .integer($0.wholeMilliseconds / Int64(millisecondsEach))
    }
  }
}

extension ValueRule where Value == FixedDecimal {
  /// An amount of the quote currency.
  static var money: Self {
    decimal("an amount above 0 as text, such as \"100\"") { $0.isPositive }
  }

  /// 10,000 basis points are the whole price.
  static var basisPoints: Self {
    decimal("basis points from 0 to 10000", asNumber: true) {
      $0 >= .zero && $0 <= FixedDecimal(10_000)
    }
  }

  static var fraction: Self {
    decimal("a fraction above 0 and at most 1", asNumber: true) {
      $0.isPositive && $0 <= FixedDecimal(1)
    }
  }

  private static func decimal(
    _ expected: String, asNumber: Bool = false, accepts: @escaping (FixedDecimal) -> Bool
  ) -> Self {
    ValueRule(expected: expected) { value throws(ValueFault) in
      guard let text = value.numberValue ?? value.stringValue else { throw .kind }
      let number: FixedDecimal
      do throws(FixedDecimal.ParseError) {
        number = try FixedDecimal(text)
      } catch {
        throw .value(error.reason)
      }
      guard accepts(number) else { throw .value("is out of range") }
      return number
    } write: {
      asNumber ? .number($0.description) : .string($0.description)
    }
  }
}

extension FixedDecimal.ParseError {
  fileprivate var reason: String {
    switch self {
    case .malformed: "is not a plain decimal number"
    case .exponent: "has an exponent"
    case .tooPrecise: "has more than 18 digits after the point"
    case .tooLarge: "is too large"
    }
  }
}

extension ValueRule where Value == UInt32 {
  /// Permission bits as text in octal. The owner must be able to use what the daemon makes.
  static var permissions: Self {
    ValueRule(expected: "octal permissions in quotes that let the owner read and write, \"0660\"") {
      value throws(ValueFault) in
      guard case .string(let text) = value else { throw .kind }
      guard (3...4).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
        let mode = UInt32(text, radix: 8)
      else { throw .value("is not an octal number of 3 or 4 digits") }
      guard mode <= 0o777 else { throw .value("sets more than permission bits") }
      guard mode & 0o600 == 0o600 else { throw .value("locks the owner out") }
      return mode
    } write: {
      .string("0" + String($0, radix: 8))
    }
  }
}

extension ValueRule where Value == Configuration.Risk.AllowedSymbols {
  static var symbols: Self {
    ValueRule(expected: "a list such as [\"BTCUSDT\", \"ETHUSDT\"], or \"*\" for every symbol") {
      value throws(ValueFault) in
      switch value {
      case .string("*"): return .all
      case .string: throw .value("stands alone")
      case .array([]): throw .value("allows no symbol at all")
      case .array(let elements): return .listed(try symbols(elements))
      case .null, .bool, .number, .object: throw .kind
      }
    } write: {
      switch $0 {
      case .all: "*"
      case .listed(let symbols): .array(symbols.map { .string($0.text) })
      }
    }
  }

  private static func symbols(_ elements: [JSONValue]) throws(ValueFault) -> [Symbol] {
    var listed: [Symbol] = []
    var seen: Set<Symbol> = []
    for (place, element) in elements.enumerated() {
      let subject =
        "has \(element.compactText().prefix(scalars: 40)) as element \(place + 1), which is"
      guard case .string(let text) = element else { throw .value(subject + " no text") }
      guard text != "*" else { throw .value(subject + " no symbol: \"*\" stands alone") }
      do throws(Symbol.SpellingError) {
        let symbol = try Symbol(spelling: text)
        if seen.insert(symbol).inserted { listed.append(symbol) }
      } catch {
        throw .value(subject + " " + error.reason)
      }
    }
    return listed
  }
}

extension ValueRule where Value == [Side] {
  static var sides: Self {
    ValueRule(expected: "a list of \"buy\" and \"sell\"") { value throws(ValueFault) in
      guard case .array(let elements) = value else { throw .kind }
      let sides = elements.map { $0.stringValue.flatMap(Side.init(rawValue:)) }
      guard !elements.isEmpty else { throw .value("allows no side at all") }
      guard !sides.contains(nil) else { throw .value("has an element that is no side") }
      return Side.allCases.filter(sides.contains)
    } write: {
      .array($0.map { .string($0.rawValue) })
    }
  }
}

extension Symbol.SpellingError {
  fileprivate var reason: String {
    switch self {
    case .perpetual: "a perpetual contract and not a spot pair"
    case .otherExchange(let name): "a pair of \(name) and not of MEXC"
    case .lookalike: "no symbol: it has letters that only look like plain ones"
    case .malformed: "no symbol"
    }
  }
}
