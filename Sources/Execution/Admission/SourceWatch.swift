import Domain
import JSON

/// Which of the sources that promised to be heard have fallen silent.
///
/// A source is heard by a heartbeat, and by every signal of its that is not a repetition: who has seen
/// a signal of a source that is gone could send that one for ever.
struct SourceWatch: Sendable {
  private struct Promise: Sendable {
    var name: String
    var interval: Duration
    var halt: HaltScope?
    var heardAt: MonotonicTime
    /// What was told of it.
    var isSilent = false

    var seconds: Int64 { interval.wholeMilliseconds / 1_000 }
    var sentence: String {
      "nothing was heard of the source \"\(name)\" for \(seconds) seconds"
    }
  }

  /// In the order of their names.
  private var promises: [Promise] = []

  init(_ table: [String: EngineConfiguration.Source], at now: MonotonicTime) {
    keep(table, at: now)
  }

  /// Takes over another table. A source that is watched goes on as it was; one that was not counts
  /// as heard now. One that is silent, and halts from now on, is told once more, with its halt.
  mutating func keep(_ table: [String: EngineConfiguration.Source], at now: MonotonicTime) {
    promises = table.sorted { $0.key < $1.key }.compactMap { name, source in
      guard let interval = source.heartbeat else { return nil }
      let former = promises.first { $0.name == name }
      let halt = source.haltOnSilence
      let isTold = halt == nil || halt == former?.halt
      return Promise(
        name: name, interval: interval, halt: halt, heardAt: former?.heardAt ?? now,
        isSilent: isTold && former?.isSilent ?? false)
    }
  }

  mutating func heard(_ source: String?, _ reaction: inout Reaction) {
    guard let source, let index = promises.firstIndex(where: { $0.name == source }) else { return }
    promises[index].heardAt = reaction.now.monotonic
    guard promises[index].isSilent else { return }
    promises[index].isSilent = false
    reaction.record(HistoryEvent.sourceHeardKind, ["source": .string(source)], on: .daemon)
    reaction.log(.notice, "the source is heard again", [("source", source)], kind: .sourceHeard)
  }

  /// Their deadlines move by `time`, in which the daemon could not read what they sent.
  mutating func excuse(by time: Duration) {
    for index in promises.indices {
      promises[index].heardAt = promises[index].heardAt.advanced(by: time)
    }
  }

  /// Tells of the sources that have fallen silent, and returns the halts that they bring.
  mutating func drive(_ reaction: inout Reaction) -> [(reason: String, scope: HaltScope)] {
    var halts: [(reason: String, scope: HaltScope)] = []
    for index in promises.indices where !promises[index].isSilent {
      let promise = promises[index]
      let due = promise.heardAt.advanced(by: promise.interval)
      guard due <= reaction.now.monotonic else {
        reaction.wake(at: due)
        continue
      }
      promises[index].isSilent = true
      reaction.record(
        HistoryEvent.sourceSilentKind,
        ["source": .string(promise.name), "seconds": .integer(promise.seconds)], on: .daemon)
      reaction.log(
        .warning, "a source has fallen silent: \(promise.sentence)",
        [("source", promise.name), ("advice", Self.advice)], kind: .sourceSilent)
      if let scope = promise.halt { halts.append((promise.sentence, scope)) }
    }
    return halts
  }

  var troubles: [Trouble] {
    promises.filter(\.isSilent).map { promise in
      Trouble(subject: .daemon, message: promise.sentence, advice: Self.advice)
    }
  }

  private static let advice =
    "look at the program that makes its signals; a signal or a heartbeat of it ends this"
}
