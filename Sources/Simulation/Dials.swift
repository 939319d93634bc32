import Domain
import Matching

/// What the seed decides before anything happens.
struct Dials {
  /// In a million, by fault.
  private var strength: [Int]
  let signals: Int
  /// How long the first phase lasts, in nanoseconds.
  let length: Int64
  let exchangeOffset: Duration
  let settleTime: Duration
  let receiveWindow: Duration
  /// The exchange's pools.
  let hasTightPools: Bool
  let ipWeight: Int
  let uidWeight: Int
  let ordersPerSecond: Int
  /// One-way travel, nanoseconds.
  let travel: Int
  let startsEmpty: Bool
  let hidesLong: Bool
  let partialPercent: Int
  let pausesOn: Int
  /// In the end one symbol's orders cannot be read for a while, over a restart.
  let breaksASymbol: Bool
  /// The limit of a day, in the quote asset.
  let dailyQuote: Int
  /// The limits on numbers, which few runs reach.
  let openOrders: Int
  let ordersPerMinute: Int
  /// Prices and the account's orders are pushed, too.
  let hasStreams: Bool
  /// What is known of the venue lasts over the process, in a file beside the database.
  let keepsFacts: Bool

  init(_ scenario: Scenario) {
    var draw = SplitMix64(seed: scenario.seed, stream: "dials")
    let kind = draw.below(10)
    let others = Fault.allCases.filter { !$0.isOfStreams }
    let single = others[draw.below(others.count)]
    var drawForStreams = SplitMix64(seed: scenario.seed, stream: "dials of the streams")
    hasStreams = drawForStreams.chance(3, in: 4) && scenario.venue.hasStreams
    var drawForFacts = SplitMix64(seed: scenario.seed, stream: "dials of the kept facts")
    keepsFacts = drawForFacts.chance(1, in: 2)
    strength = Fault.allCases.map { fault in
      // Every fault is drawn for, so that one more or less leaves the others as they are.
      let share = fault.isOfStreams ? drawForStreams.below(1_001) : draw.below(1_001)
      let isOn = fault.isOfStreams ? drawForStreams.chance(2, in: 3) : draw.chance(2, in: 3)
      if scenario.without.contains(fault) || kind == 0 { return 0 }
      if kind == 1 { return fault == single ? fault.most : 0 }
      return isOn ? fault.most * share / 1_000 : 0
    }
    signals = min(scenario.signals, 20 + draw.below(101))
    length = Int64(10 + draw.below(50)) * second
    exchangeOffset = .milliseconds(draw.below(20_001) - 10_000)
    settleTime = draw.chance(1, in: 2) ? .seconds(60) : .seconds(5 + draw.below(30))
    receiveWindow = .milliseconds(3_000 + draw.below(3) * 1_000)
    hasTightPools = draw.chance(1, in: 4)
    ipWeight = hasTightPools ? 120 : 300
    uidWeight = hasTightPools ? 100 : 500
    ordersPerSecond = hasTightPools ? 4 : 12
    travel = (5 + draw.below(60)) * Int(millisecond)
    startsEmpty = draw.chance(1, in: 16)
    hidesLong = draw.chance(1, in: 4)
    partialPercent = draw.below(60)
    pausesOn = draw.below(3)
    breaksASymbol = draw.chance(1, in: 4)
    dailyQuote = draw.chance(1, in: 4) ? 10_000 : 100_000
    var drawForRisk = SplitMix64(seed: scenario.seed, stream: "dials of the risk")
    let reached = drawForRisk.below(32)
    openOrders = reached == 0 ? 4 : 50
    ordersPerMinute = reached == 1 ? 10 : 200
  }

  var isFaultless: Bool { strength.allSatisfy { $0 == 0 } }

  func strength(of fault: Fault) -> Int {
    strength[Fault.ordinal[fault] ?? 0]
  }
}

extension Fault {
  static let ordinal: [Fault: Int] = Dictionary(
    uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
}

let millisecond: Int64 = 1_000_000
let second: Int64 = 1_000_000_000
