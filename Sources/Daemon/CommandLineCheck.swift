/// `--check-config`: prints the effective configuration, or every violation.
///
/// `output` and `complaints` take lines without their ends, for standard output and standard
/// error. The output is the configuration and nothing else, so what is said about credentials goes
/// to the other one; that none are found is no violation, because the service gets its own.
/// With `isQuiet` only violations are said.
package func checkConfiguration(
  _ path: String, isQuiet: Bool = false, environment: CredentialEnvironment = .process,
  output: (String) -> Void, complaints: (String) -> Void
) -> ExitCode {
  switch Configuration.load(path) {
  case .success(let configuration):
    if isQuiet { return .done }
    output(configuration.effectiveText())
    if configuration.mode != .paper {
      let origin = Credentials.origin(configuration.credentials.source, environment: environment)
      complaints("credentials: \(origin?.description ?? "none found where this check runs")")
    }
    return .done
  case .failure(let invalid):
    for violation in invalid.violations { complaints(violation.description) }
    return .invalidConfiguration
  }
}
