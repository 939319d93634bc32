import Configuration
import Cryptography
import Domain
import JSON
import Keystore
import Platform

/// Signing a signal as its source does, with or without a daemon.
struct SignCommand {
  let context: CommandContext

  /// `passphraseFile` opens the credentials file, where the daemon's is not to.
  func run(
    _ path: String, as source: String?, passphraseFile: String?
  ) throws(CommandFailure) -> ExitCode {
    var configuration = try context.settings()
    if let passphraseFile { configuration.credentials.passphraseFile = passphraseFile }
    do throws(ControlFailure) {
      let text = try SignalFile.text(path: path, standardInput: context.terminal.standardInput)
      var signal = try Signing.members(of: text, path)
      let name = try Signing.source(of: &signal, given: source)
      let secret = try Signing.secret(of: name, configuration, SecretLines(context.terminal))
      let key = secret.withBytes { HMACSHA256(key: $0) }
      let code = key.hexDigest(of: CanonicalJSON.text(of: signal).utf8)
      signal.append(JSONMember(name: Signing.signature, value: .string(code)))
      context.terminal.output(CanonicalJSON.text(of: signal))
    } catch {
      throw .control(error)
    }
    return .done
  }
}

/// What is signed, for whom, and with which secret.
private enum Signing {
  static let signature = "signature"

  /// What is to be signed: all but a former signature.
  static func members(
    of text: [UInt8], _ path: String
  ) throws(ControlFailure) -> [JSONMember] {
    let file = path == "-" ? "what was given" : ByteText.printable(path)
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONReader.read(text)
    } catch {
      throw ControlFailure(
        code: .refused, message: "\(file) is no signal: not strict JSON: \(error.description)")
    }
    guard let members = value.objectValue else {
      throw ControlFailure(
        code: .refused, message: "\(file) is no signal: found \(value.kindWithArticle)")
    }
    return members.filter { $0.name != signature }
  }

  /// The signal's own source, or the given one, which is then written into it.
  static func source(
    of signal: inout [JSONMember], given: String?
  ) throws(ControlFailure) -> String {
    let heartbeat = "heartbeat"
    let field = signal.contains { $0.name == heartbeat } ? heartbeat : "source"
    guard let own = signal.first(where: { $0.name == field })?.value else {
      guard let given else {
        throw ControlFailure(
          code: .refused, message: "the signal names no source; add the field, or --source NAME")
      }
      signal.append(JSONMember(name: field, value: .string(given)))
      return given
    }
    guard let name = own.stringValue, given == nil || given == name else {
      throw ControlFailure(
        code: .refused, message: "the signal names another source: \(own.compactText())")
    }
    return name
  }

  static func secret(
    of name: String, _ configuration: Configuration, _ input: SecretLines
  ) throws(ControlFailure) -> Secret {
    guard configuration.sources.contains(where: { $0.name == name && $0.isSigned }) else {
      throw ControlFailure(
        code: .refused,
        message: "the configuration knows no source \(JSONValue.string(name).compactText()) with "
          + "secret: true")
    }
    do throws(CredentialsError) {
      return try SourceSecret.read(
        of: name, configuration, owners: DaemonUser(configuration).trusted
      ) { () throws(CredentialsError) in
        let passphrase = try input.passphrase("Passphrase")
        try input.end()
        return passphrase
      }
    } catch {
      throw ControlFailure(code: error.code, message: error.description)
    }
  }
}
