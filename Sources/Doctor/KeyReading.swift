import Configuration
import Keystore
import MEXC
import Platform

/// API key and secret as the daemon would read them, and what is odd about their form. Nothing here
/// shows a piece of either.
struct KeyReading {
  /// `nil` in paper mode, and where there is none that can be used.
  let credentials: MEXC.Credentials?
  let stage: Stage
  /// Nothing is where this process looks; a service may have been given its own.
  let isMissing: Bool

  static var notNeeded: KeyReading {
    KeyReading(
      credentials: nil, stage: .ok(.credentials, "not needed in paper mode"), isMissing: false)
  }

  static func read(
    _ configuration: Configuration, _ environment: CredentialEnvironment
  ) -> KeyReading {
    do throws(CredentialsError) {
      let read = try Keystore.Credentials.read(
        configuration.credentials, mode: configuration.mode, environment: environment)
      return KeyReading(read)
    } catch {
      let (what, advice) = StageText.halves(error.description)
      let stage = Stage.failed(.credentials, what, advice ?? Fault.keyMalformed.advice)
      let isMissing = if case .missing = error { true } else { false }
      return KeyReading(credentials: nil, stage: stage, isMissing: isMissing)
    }
  }

  private init(credentials: MEXC.Credentials?, stage: Stage, isMissing: Bool) {
    self.credentials = credentials
    self.stage = stage
    self.isMissing = isMissing
  }

  private init(_ read: Keystore.Credentials) {
    do throws(MEXC.Credentials.ShapeError) {
      let credentials = try MEXC.Credentials(apiKey: read.apiKey, secret: read.secretKey)
      self.init(
        credentials: credentials,
        stage: .ok(
          .credentials,
          "a key of \(read.apiKey.count) and a secret of \(read.secretKey.count) characters, from "
            + "\(read.origin)"), isMissing: false)
    } catch {
      self.init(
        credentials: nil,
        stage: .failed(.credentials, error.description, Fault.keyMalformed.advice), isMissing: false
      )
    }
  }
}
