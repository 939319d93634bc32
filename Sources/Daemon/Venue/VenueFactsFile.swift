import Domain
import Execution
import JSON
import Platform
import Store
import Synchronization

/// The file beside the database that keeps what was read of the venue. It is written beside the loop
/// and not synced: what is lost with a power cut is asked for again. The exchange's clock is of use only
/// under the boot in which it was read, where the monotonic clock goes on.
final class VenueFactsFile {
  private final class Shared: Sendable {
    private let state = Mutex((isWriting: false, failure: nil as String?))

    /// Whether nobody else writes.
    func begin() -> Bool {
      state.withLock { state in
        defer { state.isWriting = true }
        return !state.isWriting
      }
    }

    func end(_ failure: String?) { state.withLock { $0 = (false, failure) } }

    func takeFailure() -> String? { state.withLock { $0.failure.take() } }
  }

  private static let suffix = ".venue"
  /// Room for the rules of all symbols of an exchange.
  private static let maximumBytes = 8 * 1_048_576

  private let folder: String
  private let name: String
  /// Where the facts are from; those of another place say nothing.
  private let source: String
  private let boot = BootID.read()
  private let logger: Logger
  private let shared = Shared()
  private var written = 0
  private var last: VenueFacts?
  private var toldFailure: String?

  init(beside database: String, source: String, _ logger: Logger) {
    let parts = PathParts(database)
    folder = parts.folder
    name = parts.name + Self.suffix
    self.source = source
    self.logger = logger
  }

  /// What an engine begins with; `nil` when nothing was kept, or nothing that can be read.
  func begin() -> VenueFacts? {
    written = 0
    if let last { return last }
    guard let folder = try? Directory(path: folder), folder.contains(Array(name.utf8)) else {
      return nil
    }
    guard
      let content = try? folder.readRegularFile(
        Array(name.utf8), maximumBytes: Self.maximumBytes),
      let json = try? JSONReader.read(content.bytes, limits: .exchange),
      let facts = VenueFacts(json, from: source, boot: boot)
    else {
      logger.log(
        .info, "what an earlier run kept of the exchange's rules is not used; they are read anew",
        [LogField("file", name)])
      return nil
    }
    if !facts.usable(at: Clock.now()).rules.isEmpty {
      logger.log(
        .info, "the exchange's rules are known from an earlier run; they are asked for again")
    }
    return facts
  }

  /// Keeps what the engine has read since.
  func endOfTurn(_ driver: EngineDriver<StoreError>) {
    tellFailure()
    guard driver.venueFactsRevision != written, shared.begin() else { return }
    written = driver.venueFactsRevision
    let facts = driver.engine.venueFacts
    last = facts
    let write = { @Sendable [shared, folder, name, source, boot] in
      do throws(SystemError) {
        // The console and the tool write files of their own into the database's folder.
        try Directory(path: folder).writeWhole(
          Array(name.utf8), Array(facts.json(from: source, boot: boot).compactText().utf8),
          mode: 0o600, durability: .none, temporary: Array((name + ".new").utf8))
        shared.end(nil)
      } catch {
        shared.end(error.description)
      }
    }
    do throws(SystemError) {
      try BackgroundThread.run(write)
    } catch {
      shared.end(error.description)
    }
  }

  private func tellFailure() {
    guard let failure = shared.takeFailure(), failure != toldFailure else { return }
    toldFailure = failure
    logger.log(
      .notice, "the exchange's rules are not kept for the next start: \(failure)",
      [LogField("advice", "let the daemon's user write to \(folder)")])
  }
}
