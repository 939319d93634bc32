import Domain

/// Two numbers with a blank between them.
enum DecimalCheck {
  static func check(_ input: [UInt8]) throws(Broken) {
    let parts = input.split(separator: 0x20, maxSplits: 1, omittingEmptySubsequences: false)
    var numbers: [FixedDecimal] = []
    for part in parts {
      if let number = try read(String(decoding: part, as: UTF8.self)) { numbers.append(number) }
    }
    guard numbers.count == 2 else { return }
    try checkSums(numbers[0], numbers[1])
    try checkProducts(numbers[0], numbers[1])
    try checkSteps(numbers[0], step: numbers[1])
  }

  private static func read(_ text: String) throws(Broken) -> FixedDecimal? {
    let plain = try? FixedDecimal(text)
    let number = try? FixedDecimal(exchangeText: text)
    if plain != nil { try require(plain == number, "the two spellings differ in one text") }
    if let number {
      let written = number.description
      try require((try? FixedDecimal(written)) == number, "\(written) reads as another number")
      try require(
        (try? FixedDecimal(exchangeText: written)) == number, "\(written) reads as another number")
    }
    return number
  }

  private static func checkSums(_ left: FixedDecimal, _ right: FixedDecimal) throws(Broken) {
    try require(left.adding(right) == right.adding(left), "a sum that depends on the order")
    if let sum = left.adding(right) {
      try require(sum.subtracting(right) == left, "a sum that cannot be taken back")
    }
    if let difference = left.subtracting(right) {
      try require(difference.adding(right) == left, "a difference that cannot be taken back")
      try require((left < right) == (difference < .zero), "an order that the difference denies")
    }
  }

  private static func checkProducts(_ left: FixedDecimal, _ right: FixedDecimal) throws(Broken) {
    let down = left.multiplied(by: right, rounding: .down)
    let up = left.multiplied(by: right, rounding: .up)
    try require(
      down == right.multiplied(by: left, rounding: .down), "a product that depends on the order")
    try checkRounding(down, up)
    let quotient = left.divided(by: right, rounding: .down)
    try checkRounding(quotient, left.divided(by: right, rounding: .up))
    try require(!right.isZero || quotient == nil, "divided by zero")
    if let back = quotient?.multiplied(by: right, rounding: .down)?.magnitude,
      let whole = left.magnitude
    {
      try require(back <= whole, "rounded toward zero it became more")
    }
  }

  /// Away from zero is toward zero, or one unit further.
  private static func checkRounding(_ down: FixedDecimal?, _ up: FixedDecimal?) throws(Broken) {
    guard let up else { return }
    guard let down else { throw Broken("fits only when it is rounded up") }
    let distance = up.units.magnitude - down.units.magnitude
    try require(distance <= 1, "the two ways of rounding are \(distance) units apart")
  }

  private static func checkSteps(_ number: FixedDecimal, step: FixedDecimal) throws(Broken) {
    for rounding in [FixedDecimal.Rounding.down, .up] {
      guard let rounded = number.rounded(toMultipleOf: step, rounding) else { continue }
      try require(step.isPositive, "rounded to a step that is none")
      try require(rounded.isMultiple(of: step), "rounded to no multiple")
      let isMore = rounded.units.magnitude > number.units.magnitude
      try require(isMore == (rounding == .up && rounded != number), "rounded the other way")
    }
  }
}
