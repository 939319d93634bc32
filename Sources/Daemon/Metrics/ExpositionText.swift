import Domain

/// Writes Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
struct ExpositionText {
  enum Kind: String {
    case counter, gauge, histogram
  }

  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private(set) var bytes: [UInt8] = []
  private var name = ""

  /// Begins a family. `help` has neither a backslash nor a line end.
  mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    self.name = "mexc_signald_" + name
    add("# HELP \(self.name) \(help)\n# TYPE \(self.name) \(kind.rawValue)\n")
  }

  /// A sample of the family that was begun last.
  mutating func sample(_ value: some BinaryInteger, _ labels: (String, String)...) {
    write("", "\(value)", labels)
  }

  mutating func sample(_ value: FixedDecimal, _ labels: (String, String)...) {
    write("", "\(value)", labels)
  }

  mutating func sample(_ isSo: Bool, _ labels: (String, String)...) {
    write("", isSo ? "1" : "0", labels)
  }

  mutating func seconds(_ duration: Duration, _ labels: (String, String)...) {
    write("", Self.seconds(duration.wholeNanoseconds), labels)
  }

  mutating func seconds(_ time: WallTime, _ labels: (String, String)...) {
    write("", Self.thousandths(time.milliseconds), labels)
  }

  /// The family's one histogram.
  mutating func histogram(_ latencies: LatencyHistogram) {
    var sum = 0
    for (bound, count) in zip(LatencyHistogram.bounds, latencies.counts) {
      sum += count
      write("_bucket", "\(sum)", [("le", Self.seconds(bound))])
    }
    write("_bucket", "\(latencies.count)", [("le", "+Inf")])
    write("_sum", Self.seconds(latencies.nanoseconds), [])
    write("_count", "\(latencies.count)", [])
  }

  private mutating func write(_ suffix: String, _ value: String, _ labels: [(String, String)]) {
    let pairs = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
    add(name + suffix + (pairs.isEmpty ? "" : "{\(pairs)}") + " \(value)\n")
  }

  private mutating func add(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      switch scalar {
      case "\\": "\\\\"
      case "\"": "\\\""
      case "\n": "\\n"
      default: String(scalar)
      }
    }.joined()
  }

  private static func seconds(_ nanoseconds: Int64) -> String {
    "\(FixedDecimal(units: Int128(nanoseconds) * 1_000_000_000))"
  }

  private static func thousandths(_ milliseconds: Int64) -> String {
    "\(FixedDecimal(units: Int128(milliseconds) * 1_000_000_000_000_000))"
  }
}
