#if !LIBFUZZER
  import FuzzTargets
  import Glibc
  import Platform

  /// `fuzz TARGET LONGEST EXECUTIONS SECONDS SEED KEPT CORPUS…`: fuzzing without libFuzzer, for a
  /// toolchain that lacks it. LONGEST bounds an input, in bytes. 0 executions or seconds are no
  /// limit; at least one of the two is above 0. KEPT is the file that holds the last input when one
  /// of them ends the program.
  @main
  struct Main {
    static func main() {
      let arguments = Environment.arguments(of: "fuzz")
      if arguments == ["--help"] {
        complain(
          "usage: fuzz TARGET LONGEST EXECUTIONS SECONDS SEED KEPT CORPUS…\ntargets: "
            + FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))
        exit(0)
      }
      guard arguments.count >= 7, let target = FuzzTarget(rawValue: arguments[0]),
        let longest = Int(arguments[1]), (1...1_048_576).contains(longest),
        let executions = UInt64(arguments[2]), let seconds = Int(arguments[3]),
        let seed = UInt64(arguments[4]), executions > 0 || seconds > 0
      else {
        complain(
          UsageMessage.text(
            "fuzz", "it takes a target, the limits of a run, a seed, a file and a corpus"))
        exit(2)
      }
      guard let kept = KeptInput(path: arguments[5], maximumBytes: longest) else {
        complain("fuzz: \(arguments[5]) cannot be written")
        exit(1)
      }
      var mutator = Mutator(
        seed: seed, maximumBytes: longest,
        corpus: arguments.dropFirst(6).flatMap(Corpus.files))
      let end = seconds > 0 ? time(nil) + seconds : Int.max
      let start = time(nil)
      let judge = Judge(target: target)
      var count: UInt64 = 0
      // The clock is read once in a while: reading it costs as much as a small input.
      while executions == 0 || count < executions, count % 1_024 != 0 || time(nil) < end {
        let input = mutator.next()
        kept.keep(input)
        judge.run(input)
        count += 1
      }
      complain("Done \(count) runs in \(time(nil) - start) second(s), seed \(seed)")
    }
  }
#endif
