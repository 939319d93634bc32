import Domain
import Glibc
import JSON
import Platform

/// The program `mexc-bench`.
enum BenchProgram {
  /// `arguments` without the program's name.
  static func run(_ arguments: [String]) -> ExitCode {
    let options: BenchOptions
    do throws(BenchOptions.UsageError) {
      guard let parsed = try BenchOptions.parse(arguments) else {
        OutputLine.write(BenchOptions.usage, to: STDOUT_FILENO)
        return .done
      }
      options = parsed
    } catch {
      OutputLine.write(UsageMessage.text("mexc-bench", error.description), to: STDERR_FILENO)
      return .wrongUsage
    }
    do {
      try measure(options)
      return .done
    } catch {
      OutputLine.write("mexc-bench: \(error)", to: STDERR_FILENO)
      return .failed
    }
  }

  private static func measure(_ options: BenchOptions) throws {
    let machine = try Machine()
    let bench = try Bench(options)
    defer { bench.close() }
    if !options.asJSON { OutputLine.write(machine.text, to: STDOUT_FILENO) }
    var members: [(String, JSONValue)] = [
      ("version", .string(Version.text)), ("machine", machine.document),
      ("directory", .string(options.directory)),
    ]
    for measurement in options.measurements {
      let section = try run(measurement, bench)
      if options.asJSON {
        members.append((section.name, section.document))
      } else {
        OutputLine.writeText("\n" + section.text, to: STDOUT_FILENO)
      }
    }
    if options.asJSON {
      OutputLine.write(JSONValue.object(pairs: members).prettyText(), to: STDOUT_FILENO)
    }
  }

  private static func run(
    _ measurement: BenchOptions.Measurement, _ bench: Bench
  ) throws -> BenchSection {
    switch measurement {
    case .start: try StartMeasurement(bench: bench).run()
    case .idle: try IdleMeasurement(bench: bench).run()
    case .signal: try SignalMeasurement(bench).run()
    case .compare: try CompareMeasurement(bench).run()
    case .console: try ConsoleMeasurement(bench).run()
    case .burst: try BurstMeasurement(bench: bench).run()
    case .limits: try LimitsMeasurement(bench: bench).run()
    case .fill: try FillMeasurement(bench: bench).run()
    case .flood: try FloodMeasurement(bench: bench).run()
    case .sustained: try SustainedMeasurement(bench).run()
    case .backlog: try BacklogMeasurement(bench: bench).run()
    case .parts: try PartsMeasurement(bench).run()
    case .allocations: try AllocationMeasurement(bench: bench).run()
    case .history: try HistoryMeasurement(bench).run()
    }
  }
}

/// What the figures depend on: how many processors, and how busy others keep them.
private struct Machine {
  let processors = sysconf(CInt(_SC_NPROCESSORS_ONLN))
  /// Processes that want to run, on average over the last minute (proc(5), loadavg).
  let load: String

  init() throws {
    load = String(try TextFile.read("/proc/loadavg").prefix { $0 != " " })
  }

  var text: String {
    "mexc-bench \(Version.text): \(processors) processors, load \(load) before it began"
  }

  var document: JSONValue { ["processors": .integer(processors), "load": .number(load)] }
}
