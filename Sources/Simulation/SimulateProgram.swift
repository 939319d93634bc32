import CSimulatedDisk
import Platform

/// The simulator as a program: from its arguments to its exit status.
package enum SimulateProgram {
  package static let usage = """
    usage: simulate [--seeds N] [--seed S] [--minutes M] [--plant NAME] [--planted]
      --seeds N     so many seeds (1000)
      --seed S      the first one (1)
      --minutes M   as many seeds as fit
      --trace       print the trace digest of every seed
      --story       tell what happened, also without a failure
      --without F   leave a fault out; may be repeated
      --plant NAME  put one fault into the program, and see it caught
      --venue NAME  trade at another venue: \(SimulatedVenue.allCases.map(\.rawValue).joined(separator: ", "))
      --planted     every planted fault, with the seeds that it took to catch it
    Each \(Options.progressInterval) seeds a line on standard error says how far it is. SIGINT (Ctrl-C) \
    stops after the seed that runs, with the summary so far.
    Exit status: 0 nothing was violated, 1 something was, 2 wrong arguments, \(interrupted) stopped by \
    SIGINT before the end.
    """

  /// As a shell tells of a program that SIGINT ended.
  static let interrupted: Int32 = 130

  package struct Options {
    var seeds = 1_000
    var first: UInt64 = 1
    var minutes: Double?
    var plant: Plant?
    var venue = SimulatedVenue.mexc
    var isPlanted = false
    var printsTrace = false
    var tellsStory = false
    var wantsHelp = false
    var without: Set<Fault> = []
    /// Seeds between two lines that say how far it is.
    var progressInterval = Self.progressInterval
    static let progressInterval = 500

    init(_ arguments: [String]) throws(UsageError) {
      // Hours of work are not what somebody wants who names nothing.
      if arguments.isEmpty { throw UsageError("say how much, for instance --seeds 1000") }
      var rest = arguments[...]
      while let name = rest.popFirst() {
        switch name {
        case "--help", "-h": wantsHelp = true
        case "--trace": printsTrace = true
        case "--story": tellsStory = true
        case "--planted": isPlanted = true
        case "--seeds": seeds = try Self.value(name, &rest) { Int($0) }
        case "--seed": first = try Self.value(name, &rest) { UInt64($0) }
        case "--minutes": minutes = try Self.value(name, &rest) { Double($0) }
        case "--plant": plant = try Self.value(name, &rest) { Plant(rawValue: $0) }
        case "--venue": venue = try Self.value(name, &rest) { SimulatedVenue(rawValue: $0) }
        case "--without": without.insert(try Self.value(name, &rest) { Fault(rawValue: $0) })
        default: throw UsageError("unknown option\(UsageMessage.shown(name))")
        }
      }
    }

    private static func value<Value>(
      _ name: String, _ rest: inout ArraySlice<String>, _ read: (String) -> Value?
    ) throws(UsageError) -> Value {
      guard let text = rest.popFirst() else { throw UsageError("\(name) needs a value") }
      guard let value = read(text) else {
        throw UsageError("\(name) does not take\(UsageMessage.shown(text))")
      }
      return value
    }
  }

  /// One line that says what is wrong.
  struct UsageError: Error {
    let text: String

    init(_ text: String) { self.text = text }
  }

  /// Returns the exit status. `say` writes a line on standard output, `complain` one on standard error;
  /// `isInterrupted` is asked before each seed whether to stop there.
  package static func run(
    _ arguments: [String], say: @escaping (String) -> Void, complain: @escaping (String) -> Void,
    isInterrupted: @escaping () -> Bool
  ) -> Int32 {
    let options: Options
    do throws(UsageError) {
      options = try Options(arguments)
    } catch {
      complain(UsageMessage.text("simulate", error.text))
      return 2
    }
    if options.wantsHelp {
      say(usage)
      return 0
    }
    simdisk_keep_memory()
    do {
      let simulator = try Simulator()
      let campaign = Campaign(
        simulator: simulator, options: options, say: say, complain: complain,
        isInterrupted: isInterrupted)
      return options.isPlanted ? campaign.planted() : campaign.seeds()
    } catch {
      say("simulate: \(error)")
      return 1
    }
  }
}
