/// `--check-config`: prints the effective configuration, or every violation.
///
/// `output` and `complaints` take whole lines without their ends: standard output and standard
/// error. Where credentials would come from is said among the complaints, because the output is
/// the configuration and nothing else.
package func checkConfiguration(
  _ path: String, output: (String) -> Void, complaints: (String) -> Void
) -> ExitCode {
  switch Configuration.load(path) {
  case .success(let configuration):
    output(configuration.effectiveText())
    return .done
  case .failure(let invalid):
    for violation in invalid.violations { complaints(violation.description) }
    return .invalidConfiguration
  }
}
