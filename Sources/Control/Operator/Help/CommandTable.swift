import Domain
import Keystore
import Platform
import Store

extension OperatorVerb {
  /// What there is to say of the command; every text about it is made from this.
  var help: CommandHelp {
    switch self {
    case .status: Self.statusHelp
    case .signals: Self.listHelp("signals", ControlRequest.signalStates)
    case .orders: Self.listHelp("orders", ControlRequest.orderStates)
    case .explain: Self.explainHelp
    case .tail: Self.tailHelp
    case .doctor: Self.doctorHelp
    case .submit: Self.submitHelp
    case .sign: Self.signHelp
    case .cancel:
      CommandHelp(
        synopses: ["ID"], summary: "cancel the order of a signal",
        details: "An order that waits is dropped; one at the exchange is cancelled there.",
        examples: [CommandHelp.example("cancel tv-1", "gives up the order of the signal tv-1")])
    case .cancelAll:
      CommandHelp(
        synopses: [""], summary: "cancel every order of ours that is open",
        details: "Orders that others placed on the account stay.",
        examples: [CommandHelp.example("cancel-all", "cancels what is open and what waits")])
    case .resolve: Self.resolveHelp
    case .halt: Self.haltHelp
    case .resume:
      CommandHelp(
        synopses: [""], summary: "take signals again",
        details: "Ends a halt, and the careful start after a restored database.",
        examples: [CommandHelp.example("resume", "trades again")])
    case .console:
      CommandHelp(
        synopses: ["[--revoke]"], summary: "print a link that opens the console",
        details: """
          The link is good once, for five minutes, and begins a session of twelve hours. Works with \
          and without a daemon; mexc-console serves the page.
          """,
        options: [
          CommandHelp.flag("--revoke", "ends every session and takes back every link instead")
        ],
        examples: [
          CommandHelp.example("console", "prints a link to open in a browser"),
          CommandHelp.example("console --revoke", "shuts everybody out"),
        ])
    case .keys: Self.keysHelp
    case .adopt: Self.adoptHelp
    case .verify: Self.verifyHelp
    case .report: Self.reportHelp
    case .backup: Self.backupHelp
    case .restore: Self.restoreHelp
    case .help:
      CommandHelp(
        synopses: ["[COMMAND]"], summary: "what a command does, its options, and examples",
        words: Self.allCases.map(\.rawValue),
        examples: [CommandHelp.example("help tail", "explains 'tail'")])
    case .completion:
      CommandHelp(
        synopses: ["bash | zsh | fish"], summary: "print the completion for a shell",
        words: Completion.Shell.allCases.map(\.rawValue),
        examples: [
          CommandHelp.example("completion bash", "for /usr/share/bash-completion/completions")
        ])
    }
  }

  // MARK: What is seen

  private static let statusHelp = CommandHelp(
    synopses: ["[--quiet]"], summary: "how the daemon is, and what is not as it should be",
    details: """
      One line for each thing that is not as it should be, with what to do; then state, limits, \
      connections and streams. The exit status is 1 when there is such a thing, or no daemon.
      """,
    options: [CommandHelp.flag("--quiet", "prints nothing; the exit status is all")],
    examples: [
      CommandHelp.example("status", "looks"),
      CommandHelp.example("status --quiet || systemctl status mexc-signald", "in a script"),
    ])

  private static let times = """
    a time (2026-09-25T10:11:12Z, 2026-09-25), or how long ago (90s, 30m, 2h, 7d)
    """

  private static func listHelp(_ name: String, _ states: [String]) -> CommandHelp {
    CommandHelp(
      synopses: [
        "[--open] [--state STATE] [--symbol SYMBOL] [--since TIME] [--before ID] [--limit N] "
          + "[--follow] [--wide] [--utc]"
      ],
      summary: "the \(name), newest first; also without a daemon",
      details: """
        Up to \(ListFilter.defaultLimit) rows, with --limit up to \(ListFilter.limitMaximum). On a \
        terminal long texts are cut to its width.
        """,
      options: [
        CommandHelp.flag("--open", "only what is not at its end"),
        CommandHelp.valued(
          "--state", "STATE",
          name == "orders" ? "only of this status" : "only of this order status or decision code",
          choices: states),
        CommandHelp.valued("--symbol", "SYMBOL", "only of this symbol"),
        CommandHelp.valued("--since", "TIME", "only from then on: " + times),
        CommandHelp.valued(
          "--before", "ID", "only what is older than this signal: the next page after it"),
        CommandHelp.valued("--limit", "N", "so many rows at most"),
        CommandHelp.flag("--follow", "goes on with what is added or changes, oldest first"),
        CommandHelp.flag("--wide", "cuts nothing"),
        CommandHelp.flag("--utc", "times in UTC, not in the zone of this machine"),
      ],
      examples: [
        CommandHelp.example("\(name) --open", "what is under way"),
        CommandHelp.example(
          "\(name) --state filled --since 24h", "what was filled since yesterday"),
        CommandHelp.example("\(name) --json --limit 1", "the newest one, for a program"),
      ])
  }

  private static let explainHelp = CommandHelp(
    synopses: ["ID [--utc]"], summary: "the whole story of a signal; also without a daemon",
    details: """
      What came in, every check with the price that was used, every request and answer, the client \
      order ID and the outcome.
      """,
    options: [CommandHelp.flag("--utc", "times in UTC, not in the zone of this machine")],
    examples: [CommandHelp.example("explain tv-1", "tells what became of the signal tv-1")])

  private static let tailHelp = CommandHelp(
    synopses: ["[--signal ID] [--symbol SYMBOL] [--level LEVEL] [--since ROW | TIME] [--utc]"],
    summary: "events as they happen, until it is interrupted",
    details: """
      Reads the database beside the daemon, over its restarts. With --json a document a line, whose \
      'row' is what --since takes to go on.
      """,
    options: [
      CommandHelp.valued("--signal", "ID", "only events of this signal"),
      CommandHelp.valued("--symbol", "SYMBOL", "only events of this symbol"),
      CommandHelp.valued(
        "--level", "LEVEL", "only events of this importance or more",
        choices: LogLevel.allCases.map(\.name)),
      CommandHelp.valued(
        "--since", "ROW | TIME", "begins after this row of the history, or with " + times),
      CommandHelp.flag("--utc", "times in UTC, not in the zone of this machine"),
    ],
    examples: [
      CommandHelp.example("tail --level warning", "what may need a person"),
      CommandHelp.example(
        "tail --symbol BTCUSDT --since 1h", "the last hour of one symbol, and on"),
    ])

  private static let doctorHelp = CommandHelp(
    synopses: [""],
    summary: "whether everything is as it should be, and what to do where it is not",
    details: """
      Looks at configuration, spool, database, credentials, the way to the exchange, clock, \
      permissions of the API key, and symbols; also without a daemon. The exit status is 1 when \
      anything is wrong, here or with the daemon that runs.
      """,
    examples: [CommandHelp.example("doctor", "before the first start, and when in doubt")])

  // MARK: Signals and orders

  private static let submitHelp = CommandHelp(
    synopses: ["FILE | - [--dry-run]"], summary: "send a signal through the signal socket",
    details: "Prints the daemon's answer. The file holds one JSON object; - is standard input.",
    options: [
      CommandHelp.flag("--dry-run", "sends nothing: says what would become of the signal now")
    ],
    examples: [
      CommandHelp.example("submit signal.json", "sends the signal in this file"),
      CommandHelp.example("submit --dry-run signal.json", "asks the daemon's opinion of it"),
    ])

  private static let signHelp = CommandHelp(
    synopses: ["FILE | - [--source NAME] [--passphrase-file FILE]"],
    summary: "print the signal with the signature of its source",
    details: """
      Reads the source's secret where the daemon reads it; also without a daemon. The passphrase of \
      the credentials file is asked for where the daemon's is not found.
      """,
    options: [
      CommandHelp.valued(
        "--source", "NAME", "stands in for a source that the signal does not name"),
      CommandHelp.valued("--passphrase-file", "FILE", "a file that only its owner can read"),
    ],
    examples: [
      CommandHelp.example("sign signal.json | mexc-signalctl submit -", "signs and sends it")
    ])

  private static let resolveHelp = CommandHelp(
    synopses: ["ID --placed ORDER_ID", "ID --not-placed"],
    summary: "say what became of an order that was not found",
    details: """
      Your word on an order that was not found, or of which the exchange does not tell where it stands. \
      An order ID is verified at the exchange where it can be.
      """,
    options: [
      CommandHelp.valued("--placed", "ORDER_ID", "it is at the exchange under this ID"),
      CommandHelp.flag("--not-placed", "it never came to the exchange"),
    ],
    examples: [
      CommandHelp.example("resolve tv-1 --not-placed", "ends the search for the order of tv-1")
    ])

  private static let haltHelp = CommandHelp(
    synopses: ["[--cancel] [--reduce-only] [REASON]"], summary: "no new order until 'resume'",
    details: "Kept over restarts; works with the exchange out of reach.",
    options: [
      CommandHelp.flag("--cancel", "also cancels what is open"),
      CommandHelp.flag("--reduce-only", "sells of what is held, and cancels, go through"),
    ],
    examples: [
      CommandHelp.example("halt --cancel the market is mad", "stops, and takes orders back"),
      CommandHelp.example("halt --reduce-only no more buys today", "only sells leave"),
    ])

  // MARK: Keys and the database

  private static let keysHelp = CommandHelp(
    synopses: [
      "set [--source NAME] [--passphrase-file FILE]", "check [--passphrase-file FILE]",
      "change-passphrase [--passphrase-file FILE] [--new-passphrase-file FILE]",
      "remove [--source NAME [--passphrase-file FILE]]",
    ],
    summary: "the encrypted file with API key and secret, and with secrets of sources",
    details: """
      'set' writes API key and secret, or the secret that a source signs with, encrypted under a \
      passphrase; 'check' says whether the file opens with the passphrase, and which sources have a \
      secret in it; 'change-passphrase' encrypts it anew; 'remove' removes the file, or a source's \
      secret from it. Asks on the terminal without showing, else reads lines: key, secret, \
      passphrase; or the source's secret and the passphrase; or the old passphrase and the new one. \
      The passphrase is read where the daemon reads it, unless a file is given.
      """,
    words: KeysCommand.Verb.allCases.map(\.rawValue),
    options: [
      CommandHelp.valued("--source", "NAME", "the secret of this source, and nothing else"),
      CommandHelp.valued("--passphrase-file", "FILE", "a file that only its owner can read"),
      CommandHelp.valued("--new-passphrase-file", "FILE", "the same, for the new passphrase"),
    ],
    examples: [
      CommandHelp.example("keys set", "asks for key, secret and passphrase"),
      CommandHelp.example("keys set --source bot-1", "asks for the secret of the source bot-1"),
      CommandHelp.example("keys check", "says whether the daemon could open the file"),
    ])

  private static let adoptHelp = CommandHelp(
    synopses: ["", "--renewed-key"],
    summary: "say that the database belongs to the configuration's account",
    details: """
      Your word that the database belongs to the configuration's mode and account, and to its next \
      API key: only while no daemon runs, and with --config.
      """,
    options: [
      CommandHelp.flag(
        "--renewed-key",
        "to the running daemon: the API key that it reads next is of the same account; then reload it"
      )
    ],
    examples: [
      CommandHelp.example("adopt --renewed-key", "before 'systemctl reload' with a new key")
    ])

  private static let verifyHelp = CommandHelp(
    synopses: ["[--head HASH]"], summary: "audit the history, without the daemon's help",
    details: "Every row must follow from the one before, and every order from its events.",
    options: [
      CommandHelp.valued("--head", "HASH", "the history must hold this head of an earlier run")
    ],
    examples: [CommandHelp.example("verify", "prints the verdict, and the head to note down")])

  private static let reportHelp = CommandHelp(
    synopses: ["[--since TIME] --output FILE"],
    summary: "a page about what came of the signals; also without a daemon",
    details: """
      One file for a browser, with tables and bars: outcomes, latency, slippage, fills, the use of the \
      order limit, and what was refused and why.
      """,
    options: [
      CommandHelp.valued("--since", "TIME", "from then on, else of the last 7 days: " + times),
      CommandHelp.valued(
        "--output", "FILE", "where the page is written; a file that is there is replaced"),
      CommandHelp.flag("--utc", "times in UTC, not in the zone of this machine"),
    ],
    examples: [
      CommandHelp.example("report --since 30d --output report.html", "the last month")
    ])

  private static let backupHelp = CommandHelp(
    synopses: ["FILE", "[--keep N] FOLDER"],
    summary: "a checked copy of the database, beside a daemon or without one",
    details: "In a folder its name has the time.",
    options: [CommandHelp.valued("--keep", "N", "the newest N stay in the folder")],
    examples: [
      CommandHelp.example("backup --keep 14 /var/backups/mexc-signald", "one a day for two weeks")
    ])

  private static let restoreHelp = CommandHelp(
    synopses: ["FILE"], summary: "put a backup in the place of the database",
    details: """
      Only while no daemon runs. The database that is there is kept under another name; the next \
      start is a careful one.
      """,
    examples: [CommandHelp.example("restore state-copy.db", "goes back to this copy")])
}
