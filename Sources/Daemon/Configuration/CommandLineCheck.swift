import Configuration
import Doctor
import Domain
package import Keystore
package import Platform

/// `--check-config`: prints the effective configuration, or every violation.
///
/// `output` takes text for standard output, `complaints` lines for standard error. The output is the
/// configuration and nothing else, so what is said about credentials goes to the other one; that none
/// are found is no violation, because the service gets its own. With `isQuiet` only violations and
/// warnings are said.
package func checkConfiguration(
  _ path: String, isQuiet: Bool = false, environment: CredentialEnvironment = .process,
  output: (String) -> Void, complaints: (LogLevel, String) -> Void
) -> ExitCode {
  switch ConfigurationFile.load(path) {
  case .success(let file):
    let places = PlaceCheck(file, isStart: false)
    for warning in places.warnings { complaints(.warning, warning.asWarning.description) }
    for violation in places.violations { complaints(.error, violation.description) }
    guard places.violations.isEmpty else { return .invalidConfiguration }
    if isQuiet { return .done }
    let configuration = file.configuration
    output(configuration.effectiveText())
    if configuration.mode != .paper {
      let origin = Credentials.origin(configuration.credentials, environment: environment)
      complaints(
        .info, "credentials: \(origin?.description ?? "none found where this check runs")")
    }
    return .done
  case .failure(let invalid):
    for violation in invalid.withPlaces(isStart: false) {
      complaints(.error, violation.description)
    }
    return .invalidConfiguration
  }
}
