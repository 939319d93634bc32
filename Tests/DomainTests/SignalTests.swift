import Domain
import Testing

@Suite struct SignalTests {
  static func signal() throws -> Signal {
    Signal(
      id: try #require(SignalID("tv-42")), symbol: try Symbol(spelling: "BTCUSDT"), side: .buy,
      type: .limit, amount: .base(try FixedDecimal("0.001")), price: try FixedDecimal("69876.5"),
      referencePrice: try FixedDecimal("69900"), maximumDeviation: try FixedDecimal("25"),
      createdAt: WallTime(milliseconds: 1_700_000_000_000),
      expiry: .at(WallTime(milliseconds: 1_700_000_060_000)), source: "bot", note: "dip")
  }

  @Test func `canonical text is stable`() throws {
    // Digests of it are stored for good: a change here makes every old signal a conflict.
    #expect(
      try Self.signal().canonicalText == """
        id=tv-42
        symbol=BTCUSDT
        side=buy
        type=limit
        quantity=0.001
        price=69876.5
        reference_price=69900
        maximum_deviation_bps=25
        created_at=1700000000000
        expires_at=1700000060000
        source=3:bot
        note=3:dip
        """)
    let bare = Signal(
      id: try #require(SignalID("a")), symbol: try Symbol(spelling: "ETHUSDT"), side: .sell,
      type: .market, amount: .quote(FixedDecimal(50)), expiry: .timeToLive(.seconds(30)))
    #expect(
      bare.canonicalText == """
        id=a
        symbol=ETHUSDT
        side=sell
        type=market
        quote_quantity=50
        ttl_ms=30000
        """)
  }

  @Test func `canonical text holds numbers of every size and letters of every kind`() throws {
    var signal = try Self.signal()
    signal.amount = .base(try FixedDecimal("170141183460469231731.000000001000000000"))
    signal.price = try FixedDecimal("0.000000000000000001")
    signal.referencePrice = try FixedDecimal("18446744073709551616.0000000000")
    signal.maximumDeviation = try FixedDecimal("100.0000000010")
    signal.createdAt = WallTime(milliseconds: .min)
    signal.expiry = .at(WallTime(milliseconds: .max))
    signal.source = "é"
    signal.sequence = 0
    signal.note = "a\n😀"
    #expect(
      signal.canonicalText == """
        id=tv-42
        symbol=BTCUSDT
        side=buy
        type=limit
        quantity=170141183460469231731.000000001
        price=0.000000000000000001
        reference_price=18446744073709551616
        maximum_deviation_bps=100.000000001
        created_at=-9223372036854775808
        expires_at=9223372036854775807
        source=2:é
        sequence=0
        note=6:a
        😀
        """)
    #expect(signal.canonicalBytes == Array(signal.canonicalText.utf8))
  }

  @Test func `spellings of one meaning are one text`() throws {
    var other = try Self.signal()
    other.symbol = try Symbol(spelling: "mexc:btc/usdt")
    other.amount = .base(try FixedDecimal("0.00100"))
    other.price = try FixedDecimal("69876.50")
    other.maximumDeviation = try FixedDecimal("25.0")
    #expect(other.canonicalText == (try Self.signal().canonicalText))
  }

  /// Each is the signal with one thing changed.
  static let changes: [@Sendable (inout Signal) throws -> Void] = [
    { $0.id = try #require(SignalID("tv-43")) },
    { $0.id = try #require(SignalID("TV-42")) },
    { $0.symbol = try Symbol(spelling: "BTCUSDC") },
    { $0.side = .sell },
    { $0.type = .market }, { $0.type = .limitMaker }, { $0.type = .immediateOrCancel },
    { $0.type = .fillOrKill },
    { $0.amount = .base(try FixedDecimal("0.002")) },
    { $0.amount = .base(try FixedDecimal("0.001000000000000001")) },
    { $0.amount = .quote(try FixedDecimal("0.001")) },
    { $0.price = nil }, { $0.price = try FixedDecimal("69876.6") },
    { $0.referencePrice = nil }, { $0.referencePrice = try FixedDecimal("69876.5") },
    { $0.maximumDeviation = nil }, { $0.maximumDeviation = try FixedDecimal("24.9") },
    { $0.createdAt = nil }, { $0.createdAt = WallTime(milliseconds: 1_700_000_000_001) },
    { $0.expiry = .unstated }, { $0.expiry = .at(WallTime(milliseconds: 1_700_000_060_001)) },
    { $0.expiry = .timeToLive(.seconds(60)) }, { $0.expiry = .timeToLive(.milliseconds(60_001)) },
    { $0.expiry = .timeToLive(.milliseconds(1_700_000_060_000)) },
    { $0.source = nil }, { $0.source = "" }, { $0.source = "bot " }, { $0.source = "Bot" },
    { $0.note = nil }, { $0.note = "" }, { $0.note = "dıp" },
    { ($0.source, $0.note) = ("dip", "bot") }, { ($0.source, $0.note) = ("bot\nnote=3:dip", nil) },
    { ($0.source, $0.note) = (nil, "bot\nnote=3:dip") },
    { ($0.source, $0.note) = ("botnote=3:dip", "") },
    { ($0.source, $0.note) = ("bot\nnote=3:dip", "dip") },
    { ($0.expiry, $0.source) = (.unstated, "bot\nexpires_at=1700000060000") },
    { ($0.price, $0.note) = (nil, "dip\nprice=69876.5") },
    { $0.note = "di\u{70}\u{301}" }, { $0.note = "di\u{1E55}" }, { $0.note = "\u{0}" },
  ]

  @Test func `every change is another text`() throws {
    var texts = [Array(try Self.signal().canonicalText.utf8)]
    for change in Self.changes {
      var changed = try Self.signal()
      try change(&changed)
      texts.append(Array(changed.canonicalText.utf8))
    }
    #expect(Set(texts).count == Self.changes.count + 1)
  }

  /// Texts made of the very words that fields are made of, in every pairing.
  @Test func `free texts cannot imitate fields`() throws {
    let pieces = [
      "", "a", "\n", "note=", "note=1:a", "\nnote=1:a", "source=1:a", "1:a", ":", "0:", "\nnote=0:",
      "a\nnote=1:a", "a\nnote=8:note=1:a",
    ]
    var texts: Set<[UInt8]> = []
    let choices: [String?] = [nil] + pieces.map { $0 }
    for source in choices {
      for note in choices {
        var signal = try Self.signal()
        (signal.source, signal.note) = (source, note)
        texts.insert(Array(signal.canonicalText.utf8))
      }
    }
    #expect(texts.count == choices.count * choices.count)
  }

  @Test func `order types know their price and rest`() {
    #expect(OrderType.allCases.filter { !$0.hasPrice } == [.market])
    #expect(OrderType.allCases.filter(\.canRest) == [.limit, .limitMaker])
    #expect(OrderType.allCases.map(\.rawValue) == ["limit", "market", "limit_maker", "ioc", "fok"])
    #expect(Side.allCases.map(\.rawValue) == ["buy", "sell"])
  }
}
