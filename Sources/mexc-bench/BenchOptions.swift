import Platform

/// The command line of `mexc-bench`.
struct BenchOptions: Equatable {
  enum Measurement: String, CaseIterable {
    case start, idle, signal, compare, console, burst, limits, fill, flood, sustained, backlog,
      parts, allocations, history
  }

  struct UsageError: Error, CustomStringConvertible {
    let description: String
  }

  /// How much of everything is measured.
  struct Extent: Equatable {
    var starts = 10
    /// Signals in each row.
    var signals = 200
    /// Signals that are dropped at once.
    var burst = 500
    /// Signals at once within the exchange's limits: enough for several windows of ten seconds.
    var limits = 800
    /// Orders that are filled later.
    var fills = 100
    /// Files at once.
    var flood = 10_000
    /// Signals that come a thousand a second.
    var sustained = 100_000
    /// Signals that come while the exchange is out of reach.
    var backlog = 50_000
    /// Signals between the two idle periods.
    var load = 200
    var idle = Duration.seconds(10)
    var repetitions = 500
    /// Finished signals in the database.
    var history = 1_000_000
    /// Signals after which memory is looked at.
    var lasting = 100_000

    /// Enough to see that everything works and that nothing is far off.
    static let quick = Extent(
      starts: 3, signals: 20, burst: 100, limits: 48, fills: 10, flood: 1_000, sustained: 2_000,
      backlog: 5_000, load: 50,
      idle: .seconds(1),
      repetitions: 100, history: 20_000, lasting: 1_000)
  }

  var measurements = Measurement.allCases
  var extent = Extent()
  var asJSON = false
  /// Where the scratch directory is made. Not /tmp, which is memory on many machines: a commit
  /// costs nothing there.
  var directory = "/var/tmp"

  /// Keeps a run within minutes.
  private static let mostSignals = 100_000

  static let usage = """
    Usage: mexc-bench [--signals N] [--quick] [--directory DIR] [--json] WHAT…

    Measures mexc-signald on this machine, against a simulated exchange on loopback, in a scratch
    directory that is removed. WHAT is one or more of these:

      start    from the start of the process to open trading
      idle     memory and processor time while nothing happens, before and after a load
      signal   from a signal, by file and by socket, to its order on the wire
      compare  the same from a file, in turns with a plain C program that does the same work
      console  the same beside a console with its page open and without one, 1,000 signals a minute
      burst    many signals at once
      limits   \(Extent().limits) signals at once over three symbols, and how much of the exchange's limits they use
      fill     from the fill of an open order to its result
      flood    10,000 files at once, until each signal is judged
      sustained  1,000 signals a second, each followed to its end
      backlog  many signals while the exchange is out of reach
      parts    the pieces of the way, inside one process
      allocations  how often one signal asks for memory, against the budget; not timed
      history  the start, a signal and memory with a million finished signals in the database
      all      all of them; also when nothing but options is given

      --signals N      signals in each row of "signal" and "compare" (default \(Extent().signals))
      --quick          less of everything, within some seconds
      --directory DIR  on which disk the state lies (default /var/tmp)
      --json           one JSON document; times in nanoseconds
      --help           print this text

    The daemon that is measured is the mexc-signald beside this program, and so is the C program. TLS needs the openssl
    command.
    Percentiles are of all samples. A pair of "compare" whose price was not had in the way that its row
    names is no sample: such pairs are counted as left out, and more than 5 % of them is a failure.
    Exit status: 0 done, 1 failed, 2 wrong usage.
    """

  /// Reads the arguments, without the program's name; `nil` when they ask for help.
  static func parse(_ arguments: [String]) throws(UsageError) -> BenchOptions? {
    if arguments.isEmpty {
      throw UsageError(description: "say what to measure, for instance 'all'")
    }
    var options = BenchOptions()
    var named: [Measurement] = []
    var signals: Int?
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--help", "-h": return nil
      case "--json": options.asJSON = true
      case "--quick": options.extent = .quick
      case "all": named += Measurement.allCases
      case "--signals":
        guard let number = rest.popFirst().flatMap({ Int($0) }), (1...mostSignals).contains(number)
        else {
          throw UsageError(description: "--signals is a whole number from 1 to \(mostSignals)")
        }
        signals = number
      case "--directory":
        guard let path = rest.popFirst(), path.hasPrefix("/") else {
          throw UsageError(description: "--directory needs the absolute path of a directory")
        }
        options.directory = path
      default:
        guard let measurement = Measurement(rawValue: argument) else {
          let what = argument.hasPrefix("-") ? "option" : "measurement"
          throw UsageError(description: "unknown \(what)\(UsageMessage.shown(argument))")
        }
        named.append(measurement)
      }
    }
    if let signals { options.extent.signals = signals }
    if !named.isEmpty { options.measurements = Measurement.allCases.filter(named.contains) }
    return options
  }
}
