package import Domain
package import Platform

/// What the operator's file decides. Every default stands here, as the value of its property.
///
/// The file's keys are the names in `Configuration.keys`; there is no setting outside that table.
package struct Configuration: Equatable, Sendable {
  package var mode = TradingMode.paper
  package var exchange = Exchange()
  package var credentials = CredentialSettings()
  package var intake = Intake()
  package var store = Store()
  package var price = Price()
  package var risk = Risk()
  package var rateLimits = RateLimits()
  /// In the file's order, each name once.
  package var sources: [Source] = []
  package var control = Control()
  package var console = Console()
  package var metrics = Metrics()
  package var notify = Notify()
  package var log = Log()

  package init() {}

  /// The venue that it is about, by the name in that venue's traits.
  package static let venue: VenueName = "mexc-spot"

  /// Where the control socket is: files there last as long as the machine's boot.
  package var runtimeDirectory: String { PathParts(control.socket).folder }
}

extension Configuration {
  package struct Exchange: Equatable, Sendable {
    /// `https://…`, or `http://…` for this machine.
    package var restURL = "https://api.mexc.com"
    /// `wss://…`, or `ws://…` for this machine; `streamURL(besides:)` where the file does not say it.
    package var streamURL = "wss://wbs-api.mexc.com/ws"
    /// PEM authorities trusted instead of the system's.
    package var caFile: String?
    /// How old a signed request may be when the exchange reads it.
    package var receiveWindow = Duration.milliseconds(5_000)
    /// After the receive window: how long a placement may stay invisible before it counts as not
    /// found.
    package var settleTime = Duration.seconds(60)
    /// Connections kept warm.
    package var connections = 2
    /// Names the account; client order IDs are made from it and the signal's id.
    package var account = "main"
  }

  package struct CredentialSettings: Equatable, Sendable {
    package enum Source: String, CaseIterable, Sendable {
      /// systemd's credentials, then the encrypted file, then the environment.
      case auto
      case systemd
      /// The encrypted file.
      case file
      case environment
    }

    package var source = Source.auto
    /// The encrypted file.
    package var file = "/etc/mexc-signald/credentials"
    /// A file with the passphrase of `file`, where systemd gives none.
    package var passphraseFile: String?
    /// Live mode trades also with a key that may withdraw.
    package var allowsWithdrawKeys = false
    /// A directory with the secrets of signed sources, where systemd gives none.
    package var sourcesDirectory: String?

    package init() {}
  }

  package struct Intake: Equatable, Sendable {
    package var directory = "/var/spool/mexc-signald"
    package var socket = "/run/mexc-signald/signal.sock"
    /// Permission bits of the socket.
    package var socketMode: UInt32 = 0o660
    package var maximumSignalBytes = 65_536
    /// For a signal that says neither when it expires nor how long it lives.
    package var defaultTimeToLive = Duration.seconds(60)
    /// Refuses a signal that does not say when it was made.
    package var requiresCreatedAt = false
    /// Refuses a signal that names no source of the table.
    package var requiresSource = false
    /// How long a file must not have changed before it counts as finished without its close.
    package var quietTime = Duration.seconds(5)
    /// How long files stay in `done` and `rejected`.
    package var keepTime = Duration.seconds(30 * 86_400)
  }

  package struct Store: Equatable, Sendable {
    package var path = "/var/lib/mexc-signald/state.db"
    /// How long a signal's history stays when its story is over.
    package var retentionTime = Duration.seconds(365 * 86_400)
  }

  package struct Price: Equatable, Sendable {
    /// Milliseconds between two pushes of a symbol's prices.
    package enum StreamInterval: Int, CaseIterable, Sendable {
      case short = 10
      case long = 100
    }

    package var source = PriceSource.auto
    package var streamInterval = StreamInterval.long
    /// A price older than this decides nothing.
    package var maximumAge = Duration.milliseconds(2_000)
    /// Basis points (1/10,000) between the current price and the signal's reference.
    package var maximumDeviation = FixedDecimal(100)
  }

  package struct Risk: Equatable, Sendable {
    package enum AllowedSymbols: Equatable, Sendable {
      case all
      /// In the file's order, each once.
      case listed([Symbol])

      /// `nil` for every symbol.
      package var list: [Symbol]? {
        switch self {
        case .all: nil
        case .listed(let symbols): symbols
        }
      }
    }

    package var symbols = AllowedSymbols.listed(Symbol(exchangeText: "BTCUSDT").map { [$0] } ?? [])
    /// Quote amount of one order; `nil` is no limit, which live mode refuses.
    package var maximumOrderQuote: FixedDecimal?
    package var maximumOpenOrders = 50
    package var maximumOrdersPerMinute = 60
    /// Quote amount of all orders in any 24 hours; `nil` is no limit.
    package var maximumDailyQuote: FixedDecimal? = FixedDecimal(1_000)
    package var pauseOnNotFound = PauseScope.symbol
  }

  package struct RateLimits: Equatable, Sendable {
    /// Weight that the address may use in one window.
    package var ipWeight = 300
    /// Weight that the account may use in one window.
    package var uidWeight = 500
    package var window = Duration.seconds(10)
    /// Placements and cancels together.
    package var ordersPerSecond = 12
    /// The part of each limit that is used, above 0 and at most 1.
    package var utilisation = FixedDecimal(units: 950_000_000_000_000_000)
  }

  /// What a source of signals may do. Signals name their source, and one that is in the table is held
  /// to it.
  package struct Source: Equatable, Sendable {
    package let name: String
    package var symbols = Risk.AllowedSymbols.all
    package var sides = Side.allCases
    /// Quote amount of one order; `nil` is no limit of its own.
    package var maximumOrderQuote: FixedDecimal?
    /// Signals that are accepted in any 60 minutes; `nil` is no limit.
    package var signalsPerHour: Int?
    /// It promised to be heard at least so often; `nil` promises nothing.
    package var heartbeat: Duration?
    package var onSilence = OnSilence.event
    /// Its signals carry an HMAC under a secret of its own.
    package var isSigned = false

    /// What follows when it breaks its promise.
    package enum OnSilence: String, CaseIterable, Sendable {
      /// It is told.
      case event
      /// It is told, and trading is halted but for sells.
      case reducing
      /// It is told, and trading is halted.
      case halt
    }

    package init(name: String) {
      self.name = name
    }
  }

  package struct Control: Equatable, Sendable {
    package var socket = "/run/mexc-signald/control.sock"
  }

  package struct Console: Equatable, Sendable {
    package var listen = ListenAddress.port(.loopback4, 8_712)
    /// Takes commands too, and not only questions.
    package var allowsControl = false
  }

  package struct Metrics: Equatable, Sendable {
    /// `nil` serves none.
    package var listen: ListenAddress?
  }

  package struct Notify: Equatable, Sendable {
    /// An absolute path and arguments; `nil` runs nothing.
    package var command: [String]?
    /// In the file's order, each once.
    package var events: [NotificationEvent] = [
      .notFound, .halted, .keyExpiring, .exchangeUnreachable,
    ]
    /// It is killed after so long.
    package var timeout = Duration.seconds(10)
  }

  package struct Log: Equatable, Sendable {
    package enum Format: String, CaseIterable, Sendable {
      /// The journal's form under systemd, else logfmt.
      case auto
      case journal
      case logfmt
      case json
    }

    package var level = LogLevel.info
    package var format = Format.auto
  }
}
