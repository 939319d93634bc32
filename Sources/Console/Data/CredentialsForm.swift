import Configuration
import Control
import Doctor
import JSON
import Keystore
import Platform

/// The form for an API key and its secret. Neither is shown again, logged, or kept here.
enum CredentialsForm {
  private struct Fields {
    let apiKey: Secret
    let secretKey: Secret
    let passphrase: Secret?
  }

  /// Asks the exchange about them, stage by stage; nothing is written.
  static func test(_ body: [UInt8], configurationPath: String) -> Reply {
    guard let fields = fields(body, names: ["apiKey", "secretKey"]) else { return malformed }
    switch ConfigurationFile.load(configurationPath) {
    case .failure(let invalid):
      let text = invalid.violations.map(\.description).joined(separator: "; ")
      return .error(503, "invalid_configuration", text)
    case .success(let file):
      let stages = KeyExamination(file).stages(
        apiKey: fields.apiKey, secretKey: fields.secretKey)
      let isOK = stages.allSatisfy { $0["ok"] == true }
      return .json(["ok": .bool(isOK), "stages": .array(stages)])
    }
  }

  /// Writes them encrypted, as `mexc-signalctl keys set` does.
  static func set(
    _ body: [UInt8], _ configuration: Configuration, from path: String,
    _ source: PassphraseSource?
  ) -> Reply {
    guard let fields = fields(body, names: ["apiKey", "secretKey", "passphrase"]) else {
      return malformed
    }
    do throws(CredentialsError) {
      let writer = CredentialsWriter(configuration, from: path)
      guard let passphrase = try writer.passphrase(from: source) ?? fields.passphrase else {
        return .error(
          409, "passphrase_needed",
          "no passphrase is set where the console can read it (credentials.passphrase_file, or "
            + "LoadCredential=passphrase:… in mexc-console.service): give the one that the daemon "
            + "uses")
      }
      let message = try writer.write(
        apiKey: fields.apiKey, secretKey: fields.secretKey, under: passphrase)
      return .json(["ok": true, "message": .string(message)])
    } catch {
      return .error(409, "not_written", error.description)
    }
  }

  private static let malformed = Reply.error(
    400, "invalid_request", "the body is {\"apiKey\": \"…\", \"secretKey\": \"…\"}")

  private static func fields(_ body: [UInt8], names: Set<String>) -> Fields? {
    guard let document = try? JSONReader.read(body), let members = document.objectValue,
      members.allSatisfy({ names.contains($0.name) }),
      let key = document["apiKey"]?.stringValue, let secret = document["secretKey"]?.stringValue
    else { return nil }
    let passphrase = document["passphrase"]?.stringValue
    return Fields(
      apiKey: Self.secret(key), secretKey: Self.secret(secret),
      passphrase: passphrase.flatMap { $0.isEmpty ? nil : Self.secret($0) })
  }

  private static func secret(_ text: String) -> Secret {
    var bytes = Array(text.utf8)
    return Secret(taking: &bytes)
  }
}
