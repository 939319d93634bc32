import Domain
import JSON
import Platform
import Store

/// One self-contained page about what came of the signals of some time: tables and bars, without a
/// script, light and dark as the reader has it.
struct OutcomePage {
  /// Signals that are counted at most; the page says when there were more.
  static let rowMaximum = 100_000
  private static let partCount: Int64 = 24
  private static let refusalMaximum = 50

  private let rows: [OutcomeRow]
  private let refusals: [RefusalCount]
  private let parts: [OutcomePart]
  private let period: String
  private let owner: String
  private let times: TimeStyle
  private let ordersPerSecond: Int

  /// Throws when the database cannot be read.
  init(
    _ store: StoreReader, from start: WallTime, to end: WallTime, _ times: TimeStyle,
    ordersPerSecond: Int
  ) throws(StoreError) {
    rows = try store.outcomes(since: start, limit: Self.rowMaximum, withStatedPrices: true)
    refusals = try store.refusals(since: start, limit: Self.refusalMaximum)
    var parts = OutcomeParts(from: start, to: end, count: Self.partCount)
    for row in rows { parts.add(row) }
    self.parts = parts.sorted
    owner = try store.owner().map(DatabaseOwnership.name) ?? "of nobody yet"
    period = "\(times.text(start)) to \(times.text(end))"
    self.times = times
    self.ordersPerSecond = ordersPerSecond
  }

  var signals: Int { rows.count }

  var html: String {
    let body = [summary, charts, refusalTable, symbolTable].joined()
    return """
      <!doctype html>
      <html lang=en>
      <head>
      <meta charset=utf-8>
      <meta name=viewport content="width=device-width, initial-scale=1">
      <meta http-equiv=Content-Security-Policy content="default-src 'none'; style-src 'unsafe-inline'">
      <link rel=icon href="data:,">
      <title>What came of the signals</title>
      <style>
      \(OutcomeStyle.text)
      </style>
      </head>
      <body>
      <header><h1>What came of the signals</h1>
      <p>\(HTMLText.escaped(period)); the database \(HTMLText.escaped(owner)).</p></header>
      <main>\(body)</main>
      </body>
      </html>
      """
  }

  // MARK: Parts of the page

  private var summary: String {
    func sum(_ name: String) -> Int64 { parts.reduce(0) { $0 + ($1.counts[name] ?? 0) } }
    let quote = parts.reduce(FixedDecimal.zero) { $0.adding($1.filledQuote) ?? $0 }
    let cards: [(String, String)] =
      [("signals", "\(rows.count)")]
      + OutcomePart.outcomes.map { (Self.words($0), "\(sum($0))") }
      + [
        ("filled, in quote", quote.description),
        (
          "worst slippage, bps",
          parts.compactMap(\.worstSlippage).max()?.description ?? "–"
        ),
      ]
    let more =
      rows.count == Self.rowMaximum
      ? "<p class=notice>There were more signals: the newest \(Self.rowMaximum) are counted.</p>"
      : ""
    return "<section aria-label=Summary><dl class=cards>"
      + cards.map {
        "<div><dt>\(HTMLText.escaped($0.0))</dt><dd>\(HTMLText.escaped($0.1))</dd></div>"
      }
      .joined() + "</dl>\(more)</section>"
  }

  private var charts: String {
    let two = ["c-open", "c-denied"]
    func chart(
      _ title: String, _ unit: String, _ names: [String], _ colours: [String],
      isStacked: Bool = false, _ values: (OutcomePart) -> [FixedDecimal?]
    ) -> String {
      OutcomeChart(
        title: title, unit: unit,
        series: zip(names, colours).map { OutcomeChart.Series(name: $0, colour: $1) },
        rows: parts.map { OutcomeChart.Row(label: times.text($0.start), values: values($0)) },
        isStacked: isStacked
      ).html
    }
    return [
      chart(
        "Signals by outcome", "signals", OutcomePart.outcomes.map(Self.words),
        OutcomePart.outcomes.map { "c-" + $0 }, isStacked: true
      ) { part in OutcomePart.outcomes.map { FixedDecimal(Int(part.counts[$0] ?? 0)) } },
      chart("From the signal's arrival to its order's leaving", "ms", ["median", "99 of 100"], two)
      {
        [
          $0.medianLatency.map { FixedDecimal(Int($0)) },
          $0.slowLatency.map { FixedDecimal(Int($0)) },
        ]
      },
      chart("Slippage against the price at arrival", "bps", ["median", "worst"], two) {
        [$0.medianSlippage, $0.worstSlippage]
      },
      chart("Slippage against the signal's own price", "bps", ["median", "worst"], two) {
        [$0.medianStatedSlippage, $0.worstStatedSlippage]
      },
      chart("Fills", "quote", ["filled"], ["c-filled"]) {
        [$0.filledQuote.isZero ? nil : $0.filledQuote]
      },
      chart(
        "Most orders within one second, of \(ordersPerSecond)", "orders", ["orders"], ["c-open"]
      ) { [$0.mostInSecond == 0 ? nil : FixedDecimal(Int($0.mostInSecond))] },
    ].joined()
  }

  private var refusalTable: String {
    let rows = refusals.map { refusal in
      [
        refusal.code, "\(refusal.count)", DecisionCode(rawValue: refusal.code)?.meaning ?? "",
        refusal.example,
      ]
    }
    return "<section><h2>What came to nothing, and why</h2>"
      + (rows.isEmpty
        ? "<p class=quiet>nothing in this time</p>"
        : HTMLText.table(
          "Signals by reason", ["Reason", "Signals", "Meaning", "For instance"], rows, numbers: [1]))
      + "</section>"
  }

  private var symbolTable: String {
    var table: [Symbol: (signals: Int, filled: Int, quote: FixedDecimal)] = [:]
    for row in rows {
      var entry = table[row.symbol] ?? (0, 0, .zero)
      entry.signals += 1
      if row.status == .filled { entry.filled += 1 }
      entry.quote = row.executedQuote.flatMap { entry.quote.adding($0) } ?? entry.quote
      table[row.symbol] = entry
    }
    let sorted = table.sorted { ($1.value.signals, $0.key) < ($0.value.signals, $1.key) }
    return "<section><h2>Symbols</h2>"
      + (sorted.isEmpty
        ? "<p class=quiet>nothing in this time</p>"
        : HTMLText.table(
          "Signals and fills by symbol", ["Symbol", "Signals", "Filled", "Filled, in quote"],
          sorted.map {
            [$0.key.text, "\($0.value.signals)", "\($0.value.filled)", "\($0.value.quote)"]
          }, numbers: [1, 2, 3])) + "</section>"
  }

  private static func words(_ name: String) -> String { name.replacing("_", with: " ") }
}
