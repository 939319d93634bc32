/// An integer of any size in base 10⁹, by the methods of long-hand arithmetic: slow, and with nothing
/// in common with the code that it checks.
struct WideInteger: Equatable {
  private static let base: UInt64 = 1_000_000_000

  let isNegative: Bool
  /// Least significant first, without leading zeros; empty for zero.
  private let limbs: [UInt64]

  private init(isNegative: Bool, limbs: [UInt64]) {
    var limbs = limbs
    while limbs.last == 0 { limbs.removeLast() }
    self.limbs = limbs
    self.isNegative = isNegative && !limbs.isEmpty
  }

  init(_ value: some BinaryInteger) {
    var digits = Array(String(value).utf8)
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative { digits.removeFirst() }
    var limbs: [UInt64] = []
    while !digits.isEmpty {
      limbs.append(digits.suffix(9).reduce(0) { $0 * 10 + UInt64($1 - UInt8(ascii: "0")) })
      digits.removeLast(min(9, digits.count))
    }
    self.init(isNegative: isNegative, limbs: limbs)
  }

  var magnitude: WideInteger { WideInteger(isNegative: false, limbs: limbs) }

  static prefix func - (value: WideInteger) -> WideInteger {
    WideInteger(isNegative: !value.isNegative, limbs: value.limbs)
  }

  static func + (left: WideInteger, right: WideInteger) -> WideInteger {
    if left.isNegative == right.isNegative {
      return WideInteger(isNegative: left.isNegative, limbs: sum(left.limbs, right.limbs))
    }
    if isLess(left.limbs, right.limbs) {
      return WideInteger(
        isNegative: right.isNegative, limbs: difference(right.limbs, left.limbs))
    }
    return WideInteger(isNegative: left.isNegative, limbs: difference(left.limbs, right.limbs))
  }

  static func - (left: WideInteger, right: WideInteger) -> WideInteger { left + (-right) }

  static func * (left: WideInteger, right: WideInteger) -> WideInteger {
    var product = [UInt64](repeating: 0, count: left.limbs.count + right.limbs.count)
    for (place, limb) in left.limbs.enumerated() {
      var carry: UInt64 = 0
      for (other, factor) in right.limbs.enumerated() {
        let value = product[place + other] + limb * factor + carry
        product[place + other] = value % base
        carry = value / base
      }
      product[place + right.limbs.count] += carry
    }
    return WideInteger(isNegative: left.isNegative != right.isNegative, limbs: product)
  }

  static func < (left: WideInteger, right: WideInteger) -> Bool {
    if left.isNegative != right.isNegative { return left.isNegative }
    return left.isNegative
      ? isLess(right.limbs, left.limbs) : isLess(left.limbs, right.limbs)
  }

  static func <= (left: WideInteger, right: WideInteger) -> Bool { !(right < left) }

  private static func isLess(_ left: [UInt64], _ right: [UInt64]) -> Bool {
    if left.count != right.count { return left.count < right.count }
    for place in left.indices.reversed() where left[place] != right[place] {
      return left[place] < right[place]
    }
    return false
  }

  private static func sum(_ left: [UInt64], _ right: [UInt64]) -> [UInt64] {
    var sum: [UInt64] = []
    var carry: UInt64 = 0
    for place in 0..<max(left.count, right.count) {
      let value =
        (place < left.count ? left[place] : 0) + (place < right.count ? right[place] : 0) + carry
      sum.append(value % base)
      carry = value / base
    }
    return sum + [carry]
  }

  /// `left` is not the smaller one.
  private static func difference(_ left: [UInt64], _ right: [UInt64]) -> [UInt64] {
    var difference: [UInt64] = []
    var borrow: UInt64 = 0
    for place in left.indices {
      let taken = (place < right.count ? right[place] : 0) + borrow
      borrow = left[place] < taken ? 1 : 0
      difference.append(left[place] + borrow * base - taken)
    }
    return difference
  }
}
