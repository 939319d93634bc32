package import Configuration
import Cryptography
package import Domain
package import Intake
package import Platform

/// Tells whether a signal comes from the source that it names, for the sources that have a secret.
package struct SourceAuthenticator {
  private var keys: [String: HMACSHA256] = [:]
  /// The only sources that are listened to; `nil` when signals need none.
  private var admitted: Set<String>?
  /// The sources that promised to be heard, and how often.
  private var intervals: [String: Duration] = [:]
  private var heard: [String: HeardHeartbeats] = [:]

  /// Of a daemon whose sources have no secrets.
  package init() {}

  /// `secrets` are those of the sources that sign.
  package init(_ configuration: Configuration, secrets: [String: Secret]) {
    for source in configuration.sources { intervals[source.name] = source.heartbeat }
    keys = secrets.mapValues { secret in secret.withBytes { HMACSHA256(key: $0) } }
    if configuration.intake.requiresSource {
      admitted = Set(configuration.sources.map(\.name))
    }
  }

  /// `nil` when the signal may go on: its source is one that is listened to, and has no secret or
  /// this is its signature.
  package func refusal(of signal: Signal, _ signature: SignalSignature?) -> SignalRefusal? {
    if let admitted, !admitted.contains(signal.source ?? "") {
      return SignalRefusal(
        code: .unauthenticated, id: signal.id, field: "source", position: nil,
        message: signal.source == nil
          ? "The signal names no source, and intake.require_source wants one of the table sources."
          : "The signal's source is not in the table sources, and intake.require_source wants one "
            + "that is.")
    }
    guard let source = signal.source, let key = keys[source],
      let flaw = Self.flaw(in: signature, of: source, under: key)
    else { return nil }
    return Self.refusal(signal.id, flaw)
  }

  /// `nil` when it is the source that says so. A heartbeat that was heard before, and one that is older
  /// than the source is to be heard, prove nothing.
  package mutating func refusal(of heartbeat: Heartbeat, at now: WallTime) -> SignalRefusal? {
    let source = heartbeat.source
    guard let interval = intervals[source] else {
      return Heartbeat.refusal("names no source with heartbeat_seconds in the configuration")
    }
    guard let key = keys[source] else { return nil }
    if let flaw = Self.flaw(in: heartbeat.signature, of: source, under: key) {
      return Self.refusal(nil, flaw)
    }
    guard let createdAt = heartbeat.createdAt else {
      return Self.refusal(
        nil, "A signed heartbeat says when it was made (created_at), and this one does not.")
    }
    let window = now.advanced(by: .zero - interval)...now.advanced(by: interval)
    guard heard[source, default: HeardHeartbeats()].take(createdAt, within: window) else {
      return Self.refusal(nil, "The heartbeat was made too long ago, or was heard before.")
    }
    return nil
  }

  /// Heartbeats that `former` has heard are repetitions here as well.
  package mutating func remember(_ former: SourceAuthenticator) {
    heard = former.heard
  }

  /// The sources that sign, and whose secret is another one in `secrets`, by name.
  package func sourcesWithAnotherSecret(in secrets: [String: Secret]) -> [String] {
    keys.filter { name, key in
      guard let secret = secrets[name] else { return false }
      return secret.withBytes { HMACSHA256(key: $0).digest(of: []) } != key.digest(of: [])
    }.keys.sorted()
  }

  private static func flaw(
    in signature: SignalSignature?, of source: String, under key: HMACSHA256
  ) -> String? {
    guard let signature else {
      return "The source \"\(source)\" signs what it sends, and this has no signature."
    }
    let expected = key.digest(of: signature.signedText.utf8)
    guard let code = Hexadecimal.bytes(of: signature.code), code.count == expected.count else {
      return "The signature is not 64 hexadecimal digits."
    }
    // Compared in a time that tells nothing of how far they agree.
    if Secret(copying: code).equals(Secret(copying: expected)) { return nil }
    return "The signature is not that of the source \"\(source)\": the text was changed, or signed "
      + "with another secret or in another form."
  }

  private static func refusal(_ id: SignalID?, _ message: String) -> SignalRefusal {
    SignalRefusal(
      code: .unauthenticated, id: id, field: "signature", position: nil, message: message)
  }
}

/// The last heartbeats that were heard of a source that signs, by when they were made. Their times and not
/// the last of them alone: after the clocks were set back, new ones are older than that.
private struct HeardHeartbeats {
  /// In the order in which they were heard. By their number alone one is forgotten: the window, too, may
  /// come back to it.
  private var times: [WallTime] = []
  private var known: Set<WallTime> = []

  /// Where a source sends more of them within the window, those older than all that are kept count as
  /// heard.
  private static let most = 1_024

  /// Whether one that was made at `time` is heard now for the first time.
  mutating func take(_ time: WallTime, within window: ClosedRange<WallTime>) -> Bool {
    guard window.contains(time), !known.contains(time) else { return false }
    if times.count >= Self.most {
      let kept = times.lazy.filter(window.contains)
      guard kept.isEmpty || kept.contains(where: { $0 < time }) else { return false }
      known.remove(times.removeFirst())
    }
    times.append(time)
    known.insert(time)
    return true
  }
}
