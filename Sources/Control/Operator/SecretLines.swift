import Glibc
import Keystore
import Platform

/// The secrets that the operator gives, a line each: on a terminal asked for one after the other.
final class SecretLines {
  private let terminal: OperatorTerminal
  /// `nil` before the first line is asked for.
  private var opened: SecretInput?

  init(_ terminal: OperatorTerminal) { self.terminal = terminal }

  var place: String {
    isatty(terminal.standardInput) == 1 ? "the terminal" : "standard input"
  }

  /// `name` is what to call it when it is missing.
  func line(_ prompt: String, _ name: String) throws(CredentialsError) -> Secret {
    guard let line = try next(prompt) else { throw .notGiven(name) }
    return line
  }

  func passphrase(_ name: String) throws(CredentialsError) -> Secret {
    let passphrase = try line(name + ": ", "the passphrase")
    if passphrase.count == 0 { throw .emptyPassphrase(place: place) }
    return passphrase
  }

  /// What cannot be seen is typed twice; other input may do so, and may end in blank lines.
  func newPassphrase(_ name: String) throws(CredentialsError) -> Secret {
    let passphrase = try passphrase(name)
    let repeated = try next(name + " again: ")
    if opened?.isTerminal == true {
      if repeated == nil { throw .notGiven("the passphrase again") }
    } else if repeated?.count == 0 {
      return passphrase
    }
    if let repeated, !repeated.equals(passphrase) { throw .unequalPassphrases }
    return passphrase
  }

  /// Nothing but blank lines may be left: it would have been given for something else than it was taken
  /// for. Sets the terminal back.
  func end() throws(CredentialsError) {
    guard let opened else { return }
    defer { opened.close() }
    if opened.isTerminal { return }
    while let rest = try next("") {
      if rest.count > 0 { throw .input("there is a line more than was asked for") }
    }
  }

  private func next(_ prompt: String) throws(CredentialsError) -> Secret? {
    do throws(SecretInput.Failure) {
      if opened == nil {
        opened = try SecretInput(terminal.standardInput, prompt: terminal.prompt)
      }
      return try opened?.line(prompt)
    } catch {
      throw .input("\(error)")
    }
  }
}
