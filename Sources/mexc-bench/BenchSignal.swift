import Domain
import JSON
import Store

/// A signal that passes every check and is filled at once by the simulated exchange, whose prices
/// stand still.
struct BenchSignal {
  enum Market: CaseIterable {
    case bitcoin, ether, link
  }

  let id: SignalID
  let bytes: [UInt8]

  /// `number` makes the id, which no other signal of the run may have. At a `price` below the market's
  /// its order lies there.
  init(_ number: Int, _ market: Market = .bitcoin, price: String? = nil) {
    let text = "bench-\(number)"
    guard let id = SignalID(text) else { fatalError("'\(text)' is a signal's id") }
    self.id = id
    let (symbol, quantity, best, reference) =
      switch market {
      case .bitcoin: ("BTCUSDT", "0.001", "64100.00", "64000.00")
      case .ether: ("ETHUSDT", "0.02", "3205.00", "3200.00")
      case .link: ("LINKUSDT", "3.00", "21.460", "21.420")
      }
    let document: JSONValue = [
      "id": .string(text), "symbol": .string(symbol), "side": "buy", "type": "limit",
      "quantity": .string(quantity), "price": .string(price ?? best),
      "reference_price": .string(reference), "source": "mexc-bench",
    ]
    bytes = Array(document.compactText().utf8)
  }

  /// So many, over the markets in turns.
  static func overEveryMarket(_ count: Int) -> [BenchSignal] {
    let markets = Market.allCases
    return (1...count).map { BenchSignal($0, markets[$0 % markets.count]) }
  }

  func clientOrderID(account: String) -> ClientOrderID {
    ClientOrderID(account: account, signal: id)
  }
}
