import Control
import Domain
import Execution
import JSON
import Platform
import Store
import Transport

/// Everything that is not as it should be with the running daemon, the most serious first: the one
/// list that `status` and the service manager show.
enum Troubles {
  /// `engine` is nil while the store cannot be used.
  static func list(
    _ engine: Engine?, _ storageError: StoreError?, _ connections: HTTPClientStatus?,
    isStopping: Bool, at now: Moment
  ) -> [Trouble] {
    let ofEngine = engine?.troubles(at: now) ?? []
    let ofConnections = connections.flatMap { trouble($0, at: now.monotonic) }.map { [$0] } ?? []
    // A halt keeps orders back whether or not there is a connection; anything else may follow from
    // one that is missing.
    let known = engine?.halt == nil ? ofConnections + ofEngine : ofEngine + ofConnections
    return (isStopping ? [stopping] : []) + (storageError.map { [trouble($0)] } ?? []) + known
  }

  private static let stopping = Trouble(
    subject: .daemon,
    message: "the daemon is stopping: no signal is taken, and orders in flight are awaited",
    advice: "wait for its end; 'systemctl start mexc-signald' starts it again")

  private static func trouble(_ error: StoreError) -> Trouble {
    Trouble(
      subject: .daemon, message: error.outage,
      advice: "it goes on by itself once the database takes writes again")
  }

  private static func trouble(
    _ connections: HTTPClientStatus, at now: MonotonicTime
  ) -> Trouble? {
    guard let outage = ExchangeOutage(connections, at: now) else { return nil }
    return Trouble(subject: .daemon, message: outage.message, advice: outage.advice)
  }
}

extension StoreError {
  /// What it means for the trading.
  var outage: String { "no signal is taken and no order leaves: \(self)" }
}

extension TransportError {
  /// What the operator can do when no connection comes about. `key` is the setting with the address.
  func advice(about key: String) -> String {
    switch reason {
    case .resolution:
      "check the host in \(key), and this machine's name service ('resolvectl status')"
    case .tls(.certificateExpired), .tls(.certificateNotYetValid):
      "check this machine's clock ('timedatectl')"
    case .tls(.certificateUntrusted), .tls(.certificateWrongHost):
      "check \(key) and exchange.ca_file, and what stands between this machine and the exchange"
    case .tls(.protocolRefused), .tls(.other), .violation:
      "check the scheme and the port in \(key)"
    case .deadline, .system, .peerClosed, .idle, .invalidRequest, .tooManyWaiting, .withdrawn,
      .clientClosed:
      "check \(key), the network and the firewall"
    }
  }
}

extension Trouble {
  /// The whole of it, for a person.
  var line: String { AdvisedText.line(message, advice) }

  var document: JSONValue {
    let order: (signal: OrderKey, clientOrderID: ClientOrderID)?
    let kind: String
    let symbol: Symbol?
    switch subject {
    case .daemon: (kind, symbol, order) = ("daemon", nil, nil)
    case .symbol(let name): (kind, symbol, order) = ("symbol", name, nil)
    case .order(let key, let id, let name): (kind, symbol, order) = ("order", name, (key, id))
    }
    return .object(
      pairs: [
        ("subject", .string(kind)), ("symbol", .text(symbol?.text)),
        ("signal_id", .text(order?.signal.signal.text)),
        ("client_order_id", .text(order?.clientOrderID.text)),
        ("message", .string(message)), ("advice", .string(advice)),
      ])
  }
}
