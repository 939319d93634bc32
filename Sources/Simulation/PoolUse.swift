import SimulatedExchange

/// What arrived at the exchange of requests, as its pools count them.
struct PoolUse {
  /// From the beginning on.
  private struct Sum {
    let time: Int64
    var address = 0
    var account = 0
    var orders = 0
  }

  private var sums: [Sum] = []

  /// The pools' own window, and the ways there and back: a request that is under way counts, too.
  private static let window = 10 * second
  private static let way = 200 * millisecond
  private static let secondOfOrders = 11 * second / 10
  private static let step = 50 * millisecond

  mutating func arrived(_ call: WireCall, at time: Int64) {
    guard let cost = Route(rawValue: call.name)?.cost else { return }
    let last = sums.last
    sums.append(
      Sum(
        time: time, address: (last?.address ?? 0) + cost.ipWeight,
        account: (last?.account ?? 0) + cost.uidWeight,
        orders: (last?.orders ?? 0) + (cost.isOrder ? 1 : 0)))
  }

  /// For how long at a stretch between these times one more order could have left, with the look-up for
  /// its price.
  func longestRoom(from start: Int64, to end: Int64, in dials: Dials) -> Int64 {
    var longest: Int64 = 0
    var began = start
    for time in stride(from: start, to: end, by: Int(Self.step)) {
      if hasRoom(at: time, dials) {
        longest = max(longest, min(end, time + Self.step) - began)
      } else {
        began = time + Self.step
      }
    }
    return longest
  }

  /// Look-ups may take more than half of a pool from the orders, and these use their part for look-ups of
  /// prices, too; a start takes a third for used. All that is room for sure is half.
  private func hasRoom(at time: Int64, _ dials: Dials) -> Bool {
    let end = sum(at: time + Self.way)
    let before = sum(at: time - Self.window - 2 * Self.way)
    let isStart = time < Self.window + 2 * Self.way
    func isHalfFree(_ used: Int, of pool: Int) -> Bool {
      used + (isStart ? pool / 3 : 0) <= pool / 2
    }
    let orders = end.orders - sum(at: time - Self.secondOfOrders - Self.way).orders
    return orders < dials.ordersPerSecond
      && isHalfFree(end.address - before.address, of: dials.ipWeight)
      && isHalfFree(end.account - before.account, of: dials.uidWeight)
  }

  /// Of all that had arrived by then.
  private func sum(at time: Int64) -> Sum {
    var first = 0
    var count = sums.count
    while count > 0 {
      let half = count / 2
      if sums[first + half].time <= time {
        first += half + 1
        count -= half + 1
      } else {
        count = half
      }
    }
    return first == 0 ? Sum(time: time) : sums[first - 1]
  }
}
