import Domain

/// Numbers over time as bars, with the same numbers as a table.
struct OutcomeChart {
  struct Series {
    let name: String
    /// Of the style sheet.
    let colour: String
  }

  struct Row {
    let label: String
    /// One for each series; `nil` where there is none.
    let values: [FixedDecimal?]
  }

  private static let (width, height, left, top, bottom) = (720, 190, 96, 10, 22)
  private static var inner: Int { height - top - bottom }

  let title: String
  let unit: String
  let series: [Series]
  let rows: [Row]
  /// One bar of all series, or one of each side by side.
  let isStacked: Bool

  var html: String {
    let heads = ["From"] + series.map(\.name)
    let table = HTMLText.table(
      "\(title) (\(unit))", heads,
      rows.map { row in [row.label] + row.values.map { $0?.description ?? "–" } },
      numbers: Set(1...series.count))
    let key = series.map { "<li><span class=\($0.colour)></span>\(HTMLText.escaped($0.name))</li>" }
    let picture = isEmpty ? "<p class=quiet>nothing in this time</p>" : svg
    return "<section><figure><figcaption>\(HTMLText.escaped(title)) (\(unit))</figcaption>"
      + picture + "<ul class=key>\(key.joined())</ul></figure>"
      + "<details><summary>As a table</summary>\(table)</details></section>"
  }

  private var isEmpty: Bool {
    rows.allSatisfy { $0.values.allSatisfy { $0.map { isStacked && $0.isZero } ?? true } }
  }

  private var highest: FixedDecimal {
    let values = rows.flatMap { row -> [FixedDecimal] in
      let values = row.values.compactMap(\.self)
      return isStacked ? [values.reduce(.zero) { $0.adding($1) ?? .largest }] : values
    }
    let highest = max(.zero, values.max() ?? .zero)
    return highest == lowest ? FixedDecimal(1) : highest
  }

  private var lowest: FixedDecimal {
    isStacked ? .zero : min(.zero, rows.flatMap { $0.values.compactMap(\.self) }.min() ?? .zero)
  }

  private var svg: String {
    let (highest, lowest) = (highest, lowest)
    guard let span = highest.subtracting(lowest), span.isPositive else { return "" }
    func y(_ value: FixedDecimal) -> Int {
      let above = value.subtracting(lowest) ?? .zero
      return Self.top + Self.inner - Self.part(above, of: span, in: Self.inner)
    }
    let step = (Self.width - Self.left) / max(1, rows.count)
    var marks = ""
    for (index, row) in rows.enumerated() {
      let x = Self.left + index * step
      marks += isStacked ? stack(row, x, step, y) : bars(row, x, step, y)
    }
    let zero = y(.zero)
    let frame =
      "<line class=axis x1=\(Self.left) x2=\(Self.width) y1=\(zero) y2=\(zero) />"
      + text(highest.description, Self.left - 6, Self.top + 9, "end")
      + text(lowest.description, Self.left - 6, Self.top + Self.inner, "end")
      + text(rows.first?.label ?? "", Self.left, Self.height - 4, "start")
      + text(rows.last?.label ?? "", Self.width, Self.height - 4, "end")
    return "<svg class=chart viewBox=\"0 0 \(Self.width) \(Self.height)\" role=img aria-label=\""
      + HTMLText.escaped(title) + "\">" + frame + marks + "</svg>"
  }

  private func stack(
    _ row: Row, _ x: Int, _ step: Int, _ y: (FixedDecimal) -> Int
  ) -> String {
    var below = FixedDecimal.zero
    return zip(series, row.values).map { series, value in
      guard let value, value.isPositive, let above = below.adding(value) else { return "" }
      defer { below = above }
      return bar(row, series, value, x + 1, max(1, step - 2), y(above), y(below))
    }.joined()
  }

  private func bars(
    _ row: Row, _ x: Int, _ step: Int, _ y: (FixedDecimal) -> Int
  ) -> String {
    let width = max(1, (step - 2) / series.count)
    return zip(series, row.values).enumerated().map { index, pair in
      guard let value = pair.1 else { return "" }
      let (upper, lower) = (min(y(value), y(.zero)), max(y(value), y(.zero)))
      // A zero shows, too: there was something to measure.
      return bar(row, pair.0, value, x + 1 + index * width, width, upper, max(lower, upper + 1))
    }.joined()
  }

  private func bar(
    _ row: Row, _ series: Series, _ value: FixedDecimal, _ x: Int, _ width: Int, _ upper: Int,
    _ lower: Int
  ) -> String {
    let title = HTMLText.escaped("\(row.label): \(value) \(unit), \(series.name)")
    return "<rect class=\(series.colour) x=\(x) y=\(upper) width=\(width) "
      + "height=\(max(0, lower - upper))><title>\(title)</title></rect>"
  }

  private func text(_ text: String, _ x: Int, _ y: Int, _ anchor: String) -> String {
    "<text x=\(x) y=\(y) text-anchor=\(anchor)>\(HTMLText.escaped(text))</text>"
  }

  /// How much of `length` a share of the whole is; for a picture, in whole steps.
  private static func part(_ share: FixedDecimal, of whole: FixedDecimal, in length: Int) -> Int {
    guard let scaled = share.multiplied(by: FixedDecimal(length), rounding: .down),
      let exact = scaled.divided(by: whole, rounding: .down),
      let steps = exact.rounded(toMultipleOf: FixedDecimal(1), .down)
    else { return share.isPositive ? length : 0 }
    return Int(steps.description) ?? length
  }
}
