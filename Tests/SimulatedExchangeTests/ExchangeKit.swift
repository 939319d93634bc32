import Domain

@testable import SimulatedExchange

/// A short way to say a decimal in a test; a wrong spelling is zero, which no test expects.
func decimal(_ text: String) -> FixedDecimal {
  (try? FixedDecimal(text)) ?? .zero
}

func pair(_ text: String) -> Symbol {
  guard let symbol = Symbol(exchangeText: text) else { fatalError("no symbol: \(text)") }
  return symbol
}

/// `milliseconds` after the moment at which every test's exchange begins.
func moment(_ milliseconds: Int64 = 0) -> Moment {
  Moment(
    wall: WallTime(milliseconds: 1_790_000_000_000 + milliseconds),
    monotonic: MonotonicTime(nanoseconds: 5_000_000_000 + milliseconds * 1_000_000))
}

let everTime = WallTime(milliseconds: 0)...WallTime(milliseconds: .max)

extension ExchangeRules {
  /// Nothing happens by chance.
  static var certain: ExchangeRules {
    var rules = ExchangeRules()
    rules.acknowledgementLag = .zero
    rules.partialPercent = 0
    rules.walks = false
    rules.crossingMaker = .canceled
    return rules
  }
}

extension Placement {
  static func limit(
    _ side: Side, _ quantity: String, at price: String, _ name: String = "LINKUSDT",
    type: OrderType = .limit, id: String? = nil
  ) -> Placement {
    Placement(
      symbol: pair(name), side: side, type: type, amount: .base(decimal(quantity)),
      price: decimal(price), clientOrderID: id)
  }

  static func market(
    _ side: Side, _ amount: Signal.Amount, _ name: String = "LINKUSDT", id: String? = nil
  ) -> Placement {
    Placement(
      symbol: pair(name), side: side, type: .market, amount: amount, price: nil,
      clientOrderID: id)
  }
}

/// The code that a call is refused with; 0 when it is not.
func refusalCode(_ call: () throws(Refusal) -> Void) -> Int {
  do {
    try call()
    return 0
  } catch {
    return error.code
  }
}
