import Configuration
package import Domain
import Store

/// What the arguments of the operator's tool ask for.
package struct OperatorOptions: Hashable, Sendable {
  package enum Action: Hashable, Sendable {
    case request(ControlRequest)
    /// The signal in this file; `-` is standard input.
    case submit(path: String)
    /// Tells what would become of the signal in this file.
    case dryRun(path: String)
    /// Signs the signal in this file, which names its source itself where none is given here.
    case sign(path: String, source: String?, passphraseFile: String?)
    /// Audits the database; the history must hold this hash, if one is given.
    case verify(notedHash: [UInt8]?)
    case showHelp
    case showVersion
    /// The operator's word that the database belongs to the configuration's mode and account.
    case adopt
    case keys(KeysCommand)
    /// Examines everything that a daemon needs, with or without one.
    case doctor
    /// To this file, or into this folder, where so many stay.
    case backup(place: String, keep: Int?)
    case restore(file: String)
    case tail(TailFilter, from: TailStart)
    /// A list, and what is added to it or changes in it.
    case follow(Report)
    case showCommandHelp(OperatorVerb)
    /// A page about the signals from a time on, into this file.
    case report(since: WallTime?, output: String)
    case showManual
    case showCompletion(Completion.Shell)
    /// A link for the console, or the end of all its sessions.
    case console(revoke: Bool)
  }

  package var action: Action
  /// As given; the standard path counts when neither this nor `socketPath` is.
  package var configurationPath: String?
  package var socketPath: String?
  package var json: Bool
  /// Says nothing: the exit status is all.
  package var isQuiet = false
  /// How a person reads times.
  package var times = TimeStyle.local
  /// Cuts nothing to the terminal's width.
  package var isWide = false
}

/// Wrong usage, in one line, and what could be read in spite of it.
package struct OperatorUsageError: Error, Hashable, Sendable {
  package let description: String
  package let json: Bool
}

extension OperatorOptions {
  /// Reads the arguments, without the program's name. Options may stand before or after the
  /// command; what follows `--` is no option. Throws what is wrong with them, in words for the
  /// person who typed them.
  package static func parse(_ arguments: [String]) throws(OperatorUsageError) -> OperatorOptions {
    do throws(OperatorArguments.Flaw) {
      var reader = OperatorArguments(arguments)
      return try reader.options()
    } catch {
      let options = arguments.prefix { $0 != "--" }
      throw OperatorUsageError(description: error.text, json: options.contains("--json"))
    }
  }
}
