import Configuration
import Keystore
import Platform

/// Whether every source that signs has a secret that can be used. Shows no piece of one.
struct SourceExamination {
  /// `nil` where no source signs.
  let stage: Stage?

  /// With `isAtWork`, a daemon of this configuration runs: it may have been given what this process
  /// was not.
  init(_ configuration: Configuration, _ environment: CredentialEnvironment, isAtWork: Bool) {
    let names = configuration.sources.filter(\.isSigned).map(\.name)
    guard !names.isEmpty else {
      stage = nil
      return
    }
    do throws(CredentialsError) {
      _ = try SourceSecret.read(
        of: names, configuration, owners: [Accounts.ownUser], environment: environment)
      stage = .ok(.credentials, "each source that signs has its secret (\(names.count))")
    } catch {
      let (detail, said) = StageText.halves(error.description)
      let advice = said ?? Fault.keyMalformed.advice
      if case .noSourceSecret = error, isAtWork {
        stage = .warning(
          .credentials, "\(detail) where this command runs; the running daemon may have its own",
          advice)
      } else {
        stage = .failed(.credentials, detail, advice)
      }
    }
  }
}
