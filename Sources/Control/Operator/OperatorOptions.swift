import Configuration
import Store

/// What the arguments of the operator's tool ask for.
package struct OperatorOptions: Hashable, Sendable {
  package enum Action: Hashable, Sendable {
    case request(ControlRequest)
    /// The signal in this file; `-` is standard input.
    case submit(path: String)
    /// Signs the signal in this file, which names its source itself where none is given here.
    case sign(path: String, source: String?)
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
  }

  package var action: Action
  /// As given; the standard path counts when neither this nor `socketPath` is.
  package var configurationPath: String?
  package var socketPath: String?
  package var json: Bool
  /// Says nothing: the exit status is all.
  package var isQuiet = false

  package static let usage = """
    Usage: mexc-signalctl [--config FILE | --socket PATH] [--json] COMMAND

      status [--quiet]           how the daemon is; exit status 1 when something is not as it
                                 should be; --quiet prints nothing
      signals, orders            the newest first; also without a daemon
        [--open] [--state STATE] [--symbol SYMBOL] [--limit N]
      explain ID                 the whole story of a signal; also without a daemon
      verify [--head HASH]       audit the history, without the daemon's help; HASH is a head
                                 that an earlier run printed
      tail                       events as they happen, until it is interrupted
        [--signal ID] [--symbol SYMBOL] [--level LEVEL] [--since ROW | TIME]
                                 of this importance (error, warning, notice, info, debug) or more;
                                 after a row of the history, or from a time on, instead of from now
      backup FILE                a checked copy of the database, beside a daemon or without one
      backup [--keep N] FOLDER   the same under a name with the time; of these the newest N stay
      restore FILE               put a backup in the place of the database, which is kept under
                                 another name; without a daemon, whose next start is a careful one
      adopt                      say that the database belongs to the configuration's mode and
                                 account, and to its next API key; without a daemon
      adopt --renewed-key        say to the running daemon that the next API key is of the same
                                 account; then reload it
      doctor                     whether configuration, spool, database, API key, the way to the
                                 exchange, clock, permissions and symbols are as they should be,
                                 and what to do where one is not; also without a daemon
      keys set                   write API key and secret, encrypted under a passphrase, into the
                                 credentials file; asks on the terminal without showing them, else
                                 reads lines: key, secret, passphrase
      keys check                 say whether the credentials file opens with the passphrase
      keys change-passphrase     encrypt it anew; lines: the old passphrase, the new one
      keys remove                remove the credentials file
        [--passphrase-file FILE] [--new-passphrase-file FILE]
                                 files that only their owner can read; else the passphrase is
                                 read where the daemon reads it, else asked for
      sign FILE | - [--source NAME]
                                 print the signal with the signature of its source; without a
                                 daemon; NAME stands in for a source that the signal does not name
      submit FILE | -            send a signal through the signal socket
      cancel ID                  cancel the order of a signal
      cancel-all                 cancel every order of ours that is open
      resolve ID --placed ORDER_ID | --not-placed
                                 say what became of an order that was not found
      halt [--cancel] [REASON]   no new order until 'resume'; --cancel also cancels
      resume                     take signals again

      --config FILE    the daemon's configuration (default \(Configuration.standardPath))
      --socket PATH    the control socket, when there is no configuration at hand
      --json           one JSON document on standard output
      --version        print the version
      --help           print this text

    A list shows \(ListFilter.defaultLimit) rows, with --limit up to \(ListFilter.limitMaximum).
    Exit status: 0 done, 1 refused or failed, 2 wrong usage, 78 wrong configuration.
    """
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

/// The commands of the tool, and the options that each takes.
enum OperatorVerb: String, CaseIterable {
  case status, signals, orders, explain, verify, tail, backup, restore, adopt, doctor, keys, sign
  case submit, cancel
  case cancelAll = "cancel-all"
  case resolve, halt, resume

  var flags: [String] {
    switch self {
    case .signals, .orders: ["--open"]
    case .resolve: ["--not-placed"]
    case .halt: ["--cancel"]
    case .status: ["--quiet"]
    case .adopt: ["--renewed-key"]
    case .explain, .verify, .tail, .backup, .restore, .doctor, .keys, .sign, .submit, .cancel,
      .cancelAll,
      .resume:
      []
    }
  }

  /// Options that are followed by a value.
  var valued: [String] {
    switch self {
    case .signals, .orders: ["--state", "--symbol", "--limit"]
    case .resolve: ["--placed"]
    case .verify: ["--head"]
    case .tail: ["--signal", "--symbol", "--level", "--since"]
    case .backup: ["--keep"]
    case .sign: ["--source"]
    case .keys: ["--passphrase-file", "--new-passphrase-file"]
    case .status, .explain, .restore, .adopt, .doctor, .submit, .cancel, .cancelAll, .halt, .resume:
      []
    }
  }
}
