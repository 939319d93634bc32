import Configuration
import Domain
import Platform
import Store

/// The configuration file read anew while the daemon runs: what may change is taken over once the
/// secrets of its sources are read, beside the loop.
final class ConfigurationReload {
  enum Outcome {
    /// The file holds no configuration.
    case unreadable
    /// Everything stays as it was.
    case refused
    /// This counts from here on, with the secrets of the sources that sign.
    case read(Configuration, secrets: [String: Secret])
  }

  private struct Pending {
    let former: Configuration
    let authenticator: SourceAuthenticator
    let new: Configuration
    /// What of `new` may change while the daemon runs.
    let next: Configuration
    let secrets: SecretsReading<[String: Secret]>
  }

  private let loop: EventLoop
  private let logger: Logger
  private let read: () -> Result<Configuration, InvalidConfiguration>
  private var pending: Pending?
  private var outcome: Outcome?

  init(
    _ loop: EventLoop, _ logger: Logger,
    _ read: @escaping () -> Result<Configuration, InvalidConfiguration>
  ) {
    self.loop = loop
    self.logger = logger
    self.read = read
  }

  /// Reads the file; `authenticator` has the secrets that hold until then. One that was read before and
  /// still waits for its secrets is dropped.
  func begin(over former: Configuration, _ authenticator: SourceAuthenticator) {
    pending = nil
    switch read() {
    case .failure(let invalid):
      for violation in invalid.violations { refuse("\(violation)") }
      outcome = .unreadable
    case .success(let new):
      do throws(ReloadRefusal) {
        let next = try former.takingOver(from: new)
        pending = Pending(
          former: former, authenticator: authenticator, new: new, next: next,
          secrets: SecretsReading(of: next, loop))
      } catch {
        refuse(error.reasons.joined(separator: "; "))
        outcome = .refused
      }
    }
  }

  /// Once, when it is decided.
  func takeOutcome() -> Outcome? {
    if let pending, let secrets = pending.secrets.outcome {
      self.pending = nil
      outcome = judge(pending, secrets)
    }
    defer { outcome = nil }
    return outcome
  }

  private func judge(
    _ pending: Pending, _ secrets: SecretsReading<[String: Secret]>.Outcome
  ) -> Outcome {
    switch secrets {
    case .failure(let error):
      refuse("sources: \(error)")
      return .refused
    case .success(let secrets):
      // The new level decides what is said of the reload, too.
      logger.level = pending.next.log.level
      announce(pending, pending.authenticator.sourcesWithAnotherSecret(in: secrets))
      return .read(pending.next, secrets: secrets)
    }
  }

  private func refuse(_ reason: String) {
    logger.log(
      .error, "the configuration is not reloaded: \(reason)", kind: .configurationRefused)
  }

  /// `sources` are those whose secret is another one.
  private func announce(_ pending: Pending, _ sources: [String]) {
    let taken =
      Configuration.changesTakenOver(from: pending.former, to: pending.new)
      + (sources.isEmpty ? [] : ["source_secrets"])
    let waiting = Configuration.changesNeedingRestart(from: pending.former, to: pending.new)
    logger.log(
      .notice, "the configuration is reloaded",
      [LogField("changed", taken.isEmpty ? "nothing" : taken.joined(separator: ","))]
        + (sources.isEmpty ? [] : [LogField("sources", sources.joined(separator: ","))]),
      kind: .configurationReloaded)
    if !waiting.isEmpty {
      logger.log(
        .warning, "some changes wait for a restart",
        [LogField("keys", waiting.joined(separator: ","))]
          + DatabaseOwnership.advice(onReloadFrom: pending.next, to: pending.new))
    }
  }
}
