import Testing

/// Why an unknown outcome is looked up, waited out and then left standing: of eight ways to place an
/// order, checked state by state against six exchanges, one never breaks a promise.
struct ProtocolCheckTests {
  enum Placement: String, CaseIterable {
    case sendThenRecord = "send, then record"
    case timeoutIsFailure = "record, send; a time-out is a failure"
    case missingIsFailure = "record, send, look at once; not found is a failure"
    case missingIsResent = "record, send, look at once; not found is sent again"
    case missingAfterSettlingIsFailure = "record, send, settle; not found is a failure"
    case missingAfterSettlingIsResent = "record, send, settle; not found is sent again"
    case fileMovedFirst = "move the file, then as ours"
    case ours = "record, send, settle; not found stays unknown"
    case oursWithOneRetry = "ours, with one more attempt after a definite refusal"
    case oursUnsynced = "ours, and the arming is synced after the order has left"
    case unsyncedIsResent = "the same, and what a look does not find after a power cut is sent"
    case unsyncedIsTrusted = "the same, and a row that is not armed is trusted after a power cut"

    var rules: ProtocolModel.Rules {
      switch self {
      case .sendThenRecord: ProtocolModel.Rules(writesAhead: false, onNotFound: .resend)
      case .timeoutIsFailure: ProtocolModel.Rules(takesTimeoutForFailure: true)
      case .missingIsFailure: ProtocolModel.Rules(onNotFound: .fail, waitsToSettle: false)
      case .missingIsResent: ProtocolModel.Rules(onNotFound: .resend, waitsToSettle: false)
      case .missingAfterSettlingIsFailure: ProtocolModel.Rules(onNotFound: .fail)
      case .missingAfterSettlingIsResent: ProtocolModel.Rules(onNotFound: .resend)
      case .fileMovedFirst: ProtocolModel.Rules(movesFileFirst: true)
      case .ours: ProtocolModel.Rules()
      case .oursWithOneRetry: ProtocolModel.Rules(retriesRefusal: true)
      case .oursUnsynced: ProtocolModel.Rules(retriesRefusal: true, armsUnsynced: true)
      case .unsyncedIsResent:
        ProtocolModel.Rules(retriesRefusal: true, armsUnsynced: true, sendsWhatIsNotFound: true)
      case .unsyncedIsTrusted: ProtocolModel.Rules(armsUnsynced: true, trustsUnarmed: true)
      }
    }
  }

  /// In the order of the columns below.
  static let exchanges = [
    ProtocolModel.Exchange(),
    ProtocolModel.Exchange(dedupe: .whileOpen),
    ProtocolModel.Exchange(isLagBounded: false),
    ProtocolModel.Exchange(hasFence: false),
    ProtocolModel.Exchange(hasFence: false, isLagBounded: false),
    ProtocolModel.Exchange(hasFence: false, isLagBounded: false, dedupe: .always),
  ]

  struct Expectation: CustomTestStringConvertible {
    let placement: Placement
    /// What breaks at each exchange; `nil` where nothing does.
    let broken: [ProtocolModel.Violation?]
    /// The states that can be reached: a change of the model that loses some shows here.
    let states: [Int]

    var testDescription: String { placement.rawValue }
  }

  static let table = [
    Expectation(
      placement: .sendThenRecord,
      broken: [.duplicate, .duplicate, .duplicate, .duplicate, .duplicate, nil],
      states: [7156, 7156, 10_554, 10_554, 10_554, 7430]),
    Expectation(
      placement: .timeoutIsFailure, broken: [.ghost, .ghost, .ghost, .ghost, .ghost, .ghost],
      states: [881, 881, 1039, 1039, 1039, 1039]),
    Expectation(
      placement: .missingIsFailure, broken: [.ghost, .ghost, .ghost, .ghost, .ghost, .ghost],
      states: [951, 951, 1059, 1059, 1059, 1059]),
    Expectation(
      placement: .missingIsResent,
      broken: [.duplicate, .duplicate, .duplicate, .duplicate, .duplicate, nil],
      states: [9283, 9283, 10_803, 10_803, 10_803, 7683]),
    Expectation(
      placement: .missingAfterSettlingIsFailure,
      broken: [nil, nil, .ghost, .ghost, .ghost, .ghost],
      states: [673, 673, 817, 817, 817, 817]),
    Expectation(
      placement: .missingAfterSettlingIsResent,
      broken: [nil, nil, .duplicate, .duplicate, .duplicate, nil],
      states: [3231, 3231, 7927, 7927, 7927, 5447]),
    Expectation(
      placement: .fileMovedFirst, broken: [.lost, .lost, .lost, .lost, .lost, .lost],
      states: [700, 700, 844, 844, 844, 844]),
    Expectation(
      placement: .ours, broken: [nil, nil, nil, nil, nil, nil],
      states: [673, 673, 817, 817, 817, 817]),
  ]

  private static func explore(
    _ placement: Placement, _ exchange: ProtocolModel.Exchange
  ) -> ProtocolModel.Result {
    ProtocolModel(rules: placement.rules, exchange: exchange).explore()
  }

  @Test(arguments: table, exchanges.indices)
  func `every placement breaks where it must, and only there`(row: Expectation, column: Int) {
    let result = Self.explore(row.placement, Self.exchanges[column])
    #expect(result.violations == row.broken[column].map { [$0] } ?? [])
    #expect(result.states == row.states[column])
  }

  @Test func `the table is whole`() {
    #expect(Self.table.count == 8)
    #expect(Self.table.allSatisfy { $0.broken.count == 6 && $0.states.count == 6 })
    #expect(Self.table.map(\.placement) == Array(Placement.allCases.prefix(8)))
    #expect(Self.table.flatMap(\.states).min() == 673)
    #expect(Self.table.flatMap(\.states).max() == 10_803)
  }

  @Test(arguments: exchanges.indices)
  func `one more attempt after a definite refusal breaks nothing`(column: Int) {
    let plain = Self.explore(.ours, Self.exchanges[column])
    let result = Self.explore(.oursWithOneRetry, Self.exchanges[column])
    #expect(result.violations == [])
    #expect(result.states > plain.states)
  }

  @Test(arguments: exchanges.indices)
  func `an arming that is synced after the order has left breaks nothing`(column: Int) {
    let plain = Self.explore(.oursWithOneRetry, Self.exchanges[column])
    let result = Self.explore(.oursUnsynced, Self.exchanges[column])
    #expect(result.violations == [])
    #expect(result.states > plain.states, "power cuts are more than kills")
  }

  /// Where the exchange hides an order or takes it late, a look that finds nothing proves nothing.
  @Test(arguments: [2, 3, 4])
  func `to send what a look does not find makes a second order`(column: Int) {
    #expect(
      Self.explore(.unsyncedIsResent, Self.exchanges[column]).violations.contains(.duplicate))
  }

  @Test(arguments: [0, 1])
  func `to trust an unsynced arming after a power cut makes a second order`(column: Int) {
    #expect(
      Self.explore(.unsyncedIsTrusted, Self.exchanges[column]).violations.contains(.duplicate))
  }
}
