import Domain
import Glibc
import Matching
import Platform
import Transport

/// The program `mexc-sim`: reads its arguments, listens, and runs until it is told to stop.
package enum SimulatorProgram {
  /// Exit statuses.
  package enum Status: Int32, Sendable {
    case done = 0
    case failed = 1
    case wrongUsage = 2
  }

  /// `announce` writes a line on standard output, `complain` one on standard error.
  package static func run(
    _ arguments: [String], announce: (String) -> Void, complain: (String) -> Void
  ) -> Status {
    if arguments == ["--manual"] {
      announce(manual)
      return .done
    }
    let options: SimulatorOptions
    do throws(SimulatorOptions.UsageError) {
      guard let parsed = try SimulatorOptions.parse(arguments, readFile: readFile) else {
        announce(help)
        return .done
      }
      options = parsed
    } catch {
      complain(UsageMessage.text("mexc-sim", error.description))
      return .wrongUsage
    }
    do {
      try serve(options, announce: announce)
      return .done
    } catch {
      complain("mexc-sim: \(error)")
      return .failed
    }
  }

  private static func serve(
    _ options: SimulatorOptions, announce: (String) -> Void
  ) throws {
    let loop = try EventLoop()
    var isStopping = false
    // Before anything else could start a thread.
    let signals = try PosixSignalWatch(loop: loop) { request in
      if request == .stop { isStopping = true }
    }
    defer { signals.close() }
    let tls = try options.tls.map { paths throws(TLSContext.Failure) in
      try TLSContext(serverCertificate: paths.certificate, key: paths.key)
    }
    let server = try SimulatorServer(
      loop: loop, address: options.address, port: options.port, tls: tls,
      configuration: options.configuration)
    if options.exitsWithParent { watchParent(getppid(), loop) { isStopping = true } }
    let scheme = tls == nil ? "http" : "https"
    let host = options.address.isIPv4 ? "\(options.address)" : "[\(options.address)]"
    announce(
      "mexc-sim listening on \(scheme)://\(host):\(server.port) "
        + "seed \(options.configuration.seed)")
    while !isStopping { try loop.turn() }
    server.close()
  }

  /// How soon the end of the parent is noticed.
  private static let parentInterval = Duration.milliseconds(250)

  /// An orphan gets another parent (getppid(2)).
  private static func watchParent(
    _ parent: pid_t, _ loop: EventLoop, _ ended: @escaping () -> Void
  ) {
    guard getppid() == parent else { return ended() }
    loop.schedule(at: Clock.monotonic().advanced(by: parentInterval)) {
      watchParent(parent, loop, ended)
    }
  }

  /// Larger than the rules of every symbol of the exchange.
  private static let fileMaximum = 32 * 1_024 * 1_024

  private static func readFile(_ path: String) -> Result<[UInt8], SimulatorOptions.FileProblem> {
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else {
      return .failure(.init(SystemError.last("open", path).description))
    }
    let file = FileDescriptor(owning: number)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= fileMaximum {
      let count = retryingInterrupts { unsafe read(file.number, &buffer, buffer.count) }
      guard count >= 0 else { return .failure(.init(SystemError.last("read", path).description)) }
      if count == 0 { return .success(bytes) }
      bytes += buffer[..<count]
    }
    return .failure(.init("\(path) is larger than \(fileMaximum) bytes"))
  }

  private static let usage =
    "Usage: mexc-sim --port P [--tls CERT KEY] [--key K --secret S] [--seed N] [--faults FILE] …"

  private static var manual: String {
    ManualPage(
      name: "mexc-sim", number: 1, summary: "a simulated MEXC spot exchange on loopback",
      help: help, seeAlso: "mexc-signald(8), mexc-signalctl(1)"
    ).text
  }

  /// What `--help` prints; `--manual` prints the same as a manual page.
  package static var help: String {
    """
    \(usage)

    A simulated MEXC spot exchange on this machine alone: REST, and WebSockets behind /ws (best prices)
    and /ws?listenKey=… (an account's orders, deals and balances). It prints one line when it listens;
    SIGTERM and SIGINT end it with status 0. Wrong usage ends it with status 2.

    Connection
      --port P                     required; 0 lets the system choose
      --address A                  a loopback address (default 127.0.0.1)
      --tls CERT KEY               speak https with this PEM certificate (chain) and key
      --key K --secret S           the accepted key pair; default: the pair printed in MEXC's
                                   documentation (\(SimulatorConfiguration.demoKey))
      --permissions A,B            what the key may do; default SPOT_ACCOUNT_READ,
                                   SPOT_DEAL_READ,SPOT_DEAL_WRITE
      --ip-not-allowed             the key is bound to other addresses
      --key-days N                 days until the key expires (default 80); 0: it has, and is as
                                   unknown; -999: it never does
      --key-status W               VALID (default), FROZEN or DELETE: told, and no order taken
      --account-closed             the account may not trade: it is told so, and no order is taken
      --no-streams                 there is nothing behind /ws
      --exit-with-parent           end when the parent process ends

    Market
      --seed N                     every choice follows from it (default 1)
      --symbols FILE               the listings, see below
      --price SYMBOL=PRICE         where a price begins (repeatable)
      --balance ASSET=AMOUNT       what is free at the start (repeatable)
      --frozen                     prices move only by /__admin/price, until /__admin/freeze
                                   lets them walk
      --volatility-bps N           widest move of a quarter of a second (default 4)
      --partial-percent N          chance that a limit order fills in part (default 20)
      --thin-percent N             chance that an immediate order finds too little (default 0)
      --crossing-maker W           LIMIT_MAKER that would trade: refused, canceled or either (default)
      --ack-lag-ms N               a new order may be invisible for up to so long (default 2000)
      --ack-lag-percent N          how many orders are (default 25)
      --duplicate-ids W            client order ids used before: accept (default) or reject
      --open-orders N              most open orders (default 500)
      --time-offset-ms N           how far the exchange's clock is ahead (may be negative)

    Limits
      --ip-weight N --uid-weight N weight in a window (default 300 and 500)
      --window-seconds N           its length (default 10)
      --orders-per-second N        orders and cancels (default 12)
      --account-reads-per-second N (default 2)
      --patience N                 requests inside a pause before the ban (default 5)
      --ban-seconds N              the first ban; each further one is twice as long (default 120)

    Misfortune
      --faults FILE                what goes wrong, see below

    Default listings: BTCUSDT, ETHUSDT, LINKUSDT and MXUSDT; PAUSEUSDT (paused), NOAPIUSDT (not open
    to the API), BUYONLYUSDT, SELLONLYUSDT, NOMARKETUSDT (no MARKET orders). Default balances:
    100000 USDT and some of each base asset.

    Control, without key or limits:
    \(indented(Administration.help))

    Fault plan (JSON; comments are fine; unknown keys are refused):
    \(indented(FaultPlan.format))

    Symbols file:
    \(indented(Listing.format))
    """
  }

  private static func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }
      .joined(separator: "\n")
  }
}
