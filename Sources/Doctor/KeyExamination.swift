package import Configuration
import Domain
package import JSON
import Keystore
import MEXC
package import Platform

/// Whether an API key and its secret would do, before they are written anywhere: their form, the way to
/// the exchange, whether the exchange accepts them, and what they may do. Places nothing.
package struct KeyExamination {
  private let file: ConfigurationFile

  package init(_ file: ConfigurationFile) {
    self.file = file
  }

  /// Format, connectivity, authentication and permissions, each as a stage's document. Waits for the
  /// exchange; within a back-off that the database knows of, nothing is sent.
  package func stages(apiKey: Secret, secretKey: Secret) -> [JSONValue] {
    let (format, credentials) = Self.format(apiKey, secretKey)
    let configuration = file.configuration
    let (_, backOff) = LocalExamination(file).database(with: nil, at: Clock.now())
    let facts = Examination.facts(
      configuration, credentials, backOff: backOff, rules: .unasked)
    // On paper no key is needed; who tests one wants to know what it is good for.
    let mode = configuration.mode == .paper ? .live : configuration.mode
    let wish = ExchangeJudgement.Wish(
      mode: mode, receiveWindow: configuration.exchange.receiveWindow,
      allowsWithdrawKeys: configuration.credentials.allowsWithdrawKeys,
      symbols: configuration.risk.symbols.list)
    let judged = ExchangeJudgement(
      facts, wish, withoutKey: format.isOK ? nil : "the form of the key is wrong"
    ).stages
    func stage(_ name: Stage.Name) -> Stage { judged.first { $0.name == name } ?? format }
    return [
      Self.document(format, named: "format"), stage(.connectivity).document,
      Self.blaming(stage(.clock), for: stage(.authentication)).document,
      stage(.permissions).document,
    ]
  }

  private static func format(
    _ apiKey: Secret, _ secretKey: Secret
  ) -> (Stage, MEXC.Credentials?) {
    if let found = CredentialFlaw.of((apiKey, secretKey), ("the API key", "the secret")) {
      let text = CredentialsError.malformed(place: found.place, flaw: found.flaw).description
      let (what, advice) = StageText.halves(text)
      return (.failed(.credentials, what, advice ?? Fault.keyMalformed.advice), nil)
    }
    do throws(MEXC.Credentials.ShapeError) {
      let credentials = try MEXC.Credentials(apiKey: apiKey, secret: secretKey)
      return (
        .ok(
          .credentials,
          "a key of \(apiKey.count) and a secret of \(secretKey.count) characters"), credentials
      )
    } catch {
      return (.failed(.credentials, error.description, Fault.keyMalformed.advice), nil)
    }
  }

  /// A request that the exchange refuses for its time says nothing of the key.
  private static func blaming(_ clock: Stage, for authentication: Stage) -> Stage {
    guard clock.verdict == .failed, authentication.verdict == .notChecked, let advice = clock.advice
    else { return authentication }
    return .failed(.authentication, clock.detail, advice, code: clock.code)
  }

  private static func document(_ stage: Stage, named name: String) -> JSONValue {
    .object(
      (stage.document.objectValue ?? []).map { member in
        member.name == "stage" ? JSONMember(name: "stage", value: .string(name)) : member
      })
  }
}
