import CSimulatedDisk

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
      --planted     every planted fault, with the seeds that it took to catch it
    """

  package struct Options {
    var seeds = 1_000
    var first: UInt64 = 1
    var minutes: Double?
    var plant: Plant?
    var isPlanted = false
    var printsTrace = false
    var tellsStory = false
    var without: Set<Fault> = []

    init?(_ arguments: [String]) {
      var rest = arguments[...]
      while let name = rest.popFirst() {
        switch name {
        case "--trace": printsTrace = true
        case "--story": tellsStory = true
        case "--planted": isPlanted = true
        default:
          guard let value = rest.popFirst(), take(name, value) else { return nil }
        }
      }
    }

    private mutating func take(_ name: String, _ value: String) -> Bool {
      switch name {
      case "--seeds": return Int(value).map { seeds = $0 } != nil
      case "--seed": return UInt64(value).map { first = $0 } != nil
      case "--minutes": return Double(value).map { minutes = $0 } != nil
      case "--plant": return Plant(rawValue: value).map { plant = $0 } != nil
      case "--without": return Fault(rawValue: value).map { _ = without.insert($0) } != nil
      default: return false
      }
    }
  }

  /// 0 when nothing was violated, 1 when something was, 64 for wrong arguments.
  package static func run(
    _ arguments: [String], say: @escaping (String) -> Void
  ) -> Int32 {
    guard let options = Options(arguments) else {
      say(usage)
      return 64
    }
    simdisk_keep_memory()
    do {
      let simulator = try Simulator()
      if options.isPlanted { return Campaign.planted(simulator, options, say) }
      return Campaign.seeds(simulator, options, say)
    } catch {
      say("simulate: \(error)")
      return 1
    }
  }
}
