import Domain
import Testing

/// The life of an order, written out: for each status, where each event leads.
@Suite struct OrderTableTests {
  /// One letter for each status; `.` stands for "not admitted".
  static let letters: [Character: OrderStatus] = [
    "N": .new, "S": .submitted, "O": .open, "P": .partiallyFilled, "F": .filled, "C": .canceled,
    "X": .partiallyCanceled, "R": .rejected, "E": .expired, "U": .unknown, "M": .notFound,
    "D": .denied, "V": .validated,
  ]

  /// The columns of the table.
  static func columns() throws -> [OrderEvent] {
    [
      .created(try Sample.request(), reservedQuote: nil), try Sample.approved(),
      .denied(.priceDeviation, "m"), .denied(.expired, "m"), Sample.armed(),
      .acknowledged(orderID: "C02__1"), .validated, Sample.refused, .mayRetry("m"), Sample.lost,
      try Sample.observed(.open), try Sample.observed(.open, executed: 4),
      try Sample.observed(.partiallyFilled, executed: 4),
      try Sample.observed(.filled, executed: 10), try Sample.observed(.canceled),
      try Sample.observed(.canceled, executed: 4), try Sample.observed(.partiallyCanceled),
      try Sample.observed(.partiallyCanceled, executed: 4),
      try Sample.observed(.undocumented("HALF_OPEN")),
      try Sample.observed(.undocumented("HALF_OPEN"), executed: 4),
      .lookedUp(view: "openOrders", answer: "missing"), .notFound("m"),
      .cancelRequested(by: "operator"), .cancelAnswered("m", isDefinite: false),
      .cancelAnswered("m", isDefinite: true), .closedByOperator("m"),
      .confirmedByOperator(orderID: "C02__1"), .watchEnded,
    ]
  }

  // Columns, in groups: created, approved, denied, denied as expired, armed · acknowledged,
  // validated, refused, may retry, outcome lost · observed as open, open with a fill, partially
  // filled, filled, cancelled, cancelled with a fill, partially cancelled, the same with a fill,
  // undocumented, the same with a fill · looked up, not found, cancel requested, cancel answered,
  // the same definitely, closed by the operator, confirmed by the operator, watch ended.
  static let table: [(OrderStatus, String)] = [
    (.new, ".NDES O.... OPPFCXCXOP NMNNN..."),
    (.submitted, "..... OVRNU OPPFCXCXOP S.SSS..."),
    (.open, "..... ..... OPPFCXCXOP O.OOOCO."),
    (.partiallyFilled, "..... ..... PPPFXXXXPP P.PPPXP."),
    (.filled, "..... ..... .......... F.FFF..."),
    (.canceled, "..... ..... .......... C.CCC..."),
    (.partiallyCanceled, "..... ..... .......... X.XXX..."),
    (.rejected, "..... O.... OPPFCXCXOP R.RRR..."),
    (.expired, "..... ..... .......... E.EEE..."),
    (.unknown, "..... O.RNU OPPFCXCXOP UMUUUMO."),
    (.notFound, "..... O.... OPPFCXCXOP M.MMMM.."),
    (.denied, "..... ..... .......... D.DDD..."),
    (.validated, "..... ..... .......... V.VVV..."),
  ]

  @Test func `the table is whole`() throws {
    #expect(Set(Self.table.map(\.0)) == Set(OrderStatus.allCases))
    #expect(Self.table.count == OrderStatus.allCases.count)
    let columns = try Self.columns()
    for (status, row) in Self.table {
      #expect(row.filter { $0 != " " }.count == columns.count, "\(status)")
    }
    #expect(Set(columns.map(\.kind)).count == 17)
  }

  @Test(arguments: table)
  func `each status follows as the table says`(_ status: OrderStatus, _ row: String) throws {
    let before = try Sample.order(after: Sample.events(to: status))
    #expect(before.status == status)
    for (event, letter) in zip(try Self.columns(), row.filter { $0 != " " }) {
      var order = before
      if let next = Self.letters[letter] {
        try order.apply(event, at: Sample.time(999))
        #expect(order.status == next, "\(status) on \(event.kind)")
        #expect(order.updatedAt == Sample.time(999))
      } else {
        #expect(letter == ".")
        let error = #expect(throws: IllegalTransition.self, "\(status) on \(event.kind)") {
          try order.apply(event, at: Sample.time(999))
        }
        #expect(error?.status == status && error?.event == event.kind)
        #expect(order == before, "\(status) changed by \(event.kind)")
      }
    }
  }

  // MARK: What a status means

  static let properties: [(OrderStatus, String, String)] = [
    (OrderStatus.new, "new", "exposure"), (.submitted, "submitted", "in flight, exposure"),
    (.open, "open", "working, exposure"),
    (.partiallyFilled, "partially_filled", "working, exposure"),
    (.filled, "filled", "terminal, exposure"), (.canceled, "canceled", "terminal, exposure"),
    (.partiallyCanceled, "partially_canceled", "terminal, exposure"),
    (.rejected, "rejected", "terminal"), (.expired, "expired", "terminal"),
    (.unknown, "unknown", "in flight, exposure"), (.notFound, "not_found", "exposure"),
    (.denied, "denied", "terminal"), (.validated, "validated", "terminal"),
  ]

  @Test(arguments: properties)
  func `statuses have their properties`(_ status: OrderStatus, _ rawValue: String, _ words: String)
  {
    #expect(status.rawValue == rawValue)
    var held: [String] = []
    if status.isTerminal { held.append("terminal") }
    if status.isInFlight { held.append("in flight") }
    if status.isWorking { held.append("working") }
    if status.countsAsExposure { held.append("exposure") }
    #expect(held.joined(separator: ", ") == words)
  }

  @Test func `there are thirteen statuses`() {
    #expect(OrderStatus.allCases.count == 13)
  }

  @Test func `illegal transitions say both`() throws {
    var order = try Sample.order(after: Sample.events(to: .partiallyFilled))
    let error = #expect(throws: IllegalTransition.self) {
      try order.apply(Sample.armed(), at: Sample.time(999))
    }
    #expect(
      error?.description == "an order that is partially_filled cannot take 'order_armed'")
  }
}
