import Configuration
import Domain
import JSON
package import Platform
import Store

/// The operator's tool: one command, its answer, and the exit status.
///
/// `answerTime` is how long the daemon may take: its turns take milliseconds, a slow disk longer.
package func runOperator(
  _ arguments: [String], terminal: OperatorTerminal, answerTime: Duration = .seconds(5)
) -> ExitCode {
  let options: OperatorOptions
  do throws(OperatorUsageError) {
    options = try OperatorOptions.parse(arguments)
  } catch {
    let failure = ControlFailure(code: .wrongUsage, message: error.description)
    if error.json { terminal.output(failure.document.compactText()) }
    terminal.complaints(UsageMessage.text("mexc-signalctl", error.description))
    return .wrongUsage
  }
  return Operator(
    options: options, terminal: options.isQuiet ? .silent : terminal, answerTime: answerTime
  ).run()
}

/// One run of the tool.
///
/// Longer than 400 lines, because each command is a function of it, the long ones in files of their own.
struct Operator {
  /// Why a command came to no answer.
  enum Failure: Error {
    case control(ControlFailure)
    case configuration(InvalidConfiguration)
  }

  let options: OperatorOptions
  let terminal: OperatorTerminal
  let answerTime: Duration

  /// What is verified at the exchange waits for its answer, and perhaps for the rate limits.
  private static let verificationFactor = 6

  func run() -> ExitCode {
    do throws(Failure) {
      switch options.action {
      case .showHelp: terminal.output(OperatorOptions.usage)
      case .showVersion: terminal.output("mexc-signalctl \(Version.text)")
      case .request(let request): return try ask(request)
      case .verify(let notedHash): return try verify(notedHash: notedHash)
      case .adopt: return try adopt()
      case .doctor: return doctor()
      case .keys(let command): return try keys(command)
      case .sign(let path, let source): return try sign(path, as: source)
      case .submit(let path): return try submit(path)
      case .backup(let place, let keep): return try backup(to: place, keep: keep)
      case .restore(let file): return try restore(file)
      case .tail(let filter, let start): return try tail(filter, from: start)
      }
      return .done
    } catch {
      switch error {
      case .control(let failure): return fail(failure)
      case .configuration(let invalid): return fail(invalid)
      }
    }
  }

  private func fail(_ failure: ControlFailure) -> ExitCode {
    if options.json {
      terminal.output(failure.document.compactText())
    } else {
      terminal.complaints("mexc-signalctl: \(ByteText.printable(failure.message))")
    }
    return .failed
  }

  private func fail(_ invalid: InvalidConfiguration) -> ExitCode {
    let violations = invalid.violations.map(\.description)
    for violation in violations { terminal.complaints(violation) }
    if options.json {
      let failure = ControlFailure(
        code: .invalidConfiguration, message: violations.joined(separator: "; "))
      terminal.output(failure.document.compactText())
    }
    return .invalidConfiguration
  }

  /// `nil` when only a socket was named.
  func configuration() throws(Failure) -> Configuration? {
    if options.socketPath != nil, options.configurationPath == nil { return nil }
    let path = options.configurationPath ?? Configuration.standardPath
    switch Configuration.load(path) {
    case .success(let configuration): return configuration
    case .failure(let invalid): throw .configuration(invalid)
    }
  }
}

// MARK: - Asking the daemon

extension Operator {
  fileprivate func ask(_ request: ControlRequest) throws(Failure) -> ExitCode {
    let configuration = try configuration()
    let path = options.socketPath ?? configuration?.control.socket ?? Configuration().control.socket
    switch try answer(to: request, path, configuration) {
    case .result(let result):
      terminal.output(
        options.json ? Self.document(request, result).compactText() : Self.text(request, result))
      return request != .status || StatusText.isAsItShouldBe(result) ? .done : .failed
    case .failure(let failure): throw .control(failure)
    }
  }

  private func answer(
    to request: ControlRequest, _ path: String, _ configuration: Configuration?
  ) throws(Failure) -> ControlAnswer {
    let line: [UInt8]
    do throws(UnixClient.Failure) {
      let client = try UnixClient(path: path)
      let deadline = Clock.monotonic().advanced(by: time(for: request))
      line = try client.request(request.line, until: deadline)
    } catch {
      if case .notListening = error, case .report(let report) = request, let configuration {
        return try answer(to: report, from: configuration.store.path)
      }
      throw .control(Self.failure(error, path, request))
    }
    guard let answer = ControlAnswer(line) else {
      throw .control(
        ControlFailure(
          code: .noAnswer,
          message: "what answers on \(path) is not this daemon; check control.socket"))
    }
    return answer
  }

  /// Without a daemon: what its database holds.
  private func answer(
    to report: Report, from path: String
  ) throws(Failure) -> ControlAnswer {
    let store: OrderStore
    do throws(StoreError) {
      store = try OrderStore(readOnlyPath: path)
    } catch {
      throw .control(
        ControlFailure(
          code: .storageUnavailable, message: "the daemon is not running, and \(error.description)")
      )
    }
    do throws(ControlFailure) {
      let document = try report.document(from: store)
      if !options.json {
        let owner = (try? store.owner()).map { ", of \(DatabaseOwnership.name($0))" } ?? ""
        terminal.complaints(
          "mexc-signalctl: the daemon is not running; read from \(path)\(owner)")
      }
      return .result(document)
    } catch {
      return .failure(error)
    }
  }

  private func time(for request: ControlRequest) -> Duration {
    if case .perform(.resolvePlaced) = request {
      answerTime * Self.verificationFactor
    } else {
      answerTime
    }
  }

  static func failure(
    _ failure: UnixClient.Failure, _ path: String, _ request: ControlRequest?
  ) -> ControlFailure {
    switch failure {
    case .timedOut, .closed, .tooLong:
      ControlFailure(code: .noAnswer, message: "\(failure.description); \(advice(request))")
    case .notListening, .socket: SocketAdvice.failure(failure, path)
    }
  }

  private static func advice(_ request: ControlRequest?) -> String {
    switch request {
    case .perform, .expectRenewedKey: "look with 'mexc-signalctl status' before you repeat it"
    case .status, .report: "the daemon's journal may say why"
    // The id of the signal makes it harmless.
    case nil: "send the same signal again: it is never acted on twice"
    }
  }

  /// What `--json` prints.
  private static func document(_ request: ControlRequest, _ result: JSONValue) -> JSONValue {
    switch request {
    case .status, .report: result
    case .perform, .expectRenewedKey: ["ok": true, "message": result["message"] ?? ""]
    }
  }

  private static func text(_ request: ControlRequest, _ result: JSONValue) -> String {
    switch request {
    case .status: StatusText.text(of: result)
    case .report(.signals): ListText.signals(result)
    case .report(.orders): ListText.orders(result)
    case .report(.explain): StoryText.text(of: result)
    case .perform, .expectRenewedKey: ByteText.printable(result["message"]?.stringValue ?? "done")
    }
  }
}

// MARK: - Sending a signal

extension Operator {
  fileprivate func submit(_ path: String) throws(Failure) -> ExitCode {
    let socket = try configuration()?.intake.socket ?? Configuration().intake.socket
    let answer: [UInt8]
    do throws(ControlFailure) {
      let line = try SignalFile.line(path: path, standardInput: terminal.standardInput)
      answer = try send(line, to: socket)
    } catch {
      throw .control(error)
    }
    guard let document = try? JSONReader.read(answer),
      let status = document["status"]?.stringValue
    else {
      throw .control(
        ControlFailure(
          code: .noAnswer,
          message: "what answers on \(socket) is not this daemon; check intake.socket"))
    }
    terminal.output(options.json ? document.compactText() : Self.text(document, status))
    return status == "accepted" || status == "duplicate" ? .done : .failed
  }

  private func send(_ line: [UInt8], to path: String) throws(ControlFailure) -> [UInt8] {
    do throws(UnixClient.Failure) {
      let client = try UnixClient(path: path)
      return try client.request(line, until: Clock.monotonic().advanced(by: answerTime))
    } catch {
      throw Self.failure(error, path, nil)
    }
  }

  private static func text(_ answer: JSONValue, _ status: String) -> String {
    let code = answer["code"]?.stringValue ?? ""
    var text = answer["id"]?.stringValue.map { $0 + " " } ?? ""
    text += status + (code == status || code.isEmpty ? "" : " (\(code))")
    if let message = answer["message"]?.stringValue { text += ": " + message }
    if let id = answer["client_order_id"]?.stringValue { text += "\nclient order id " + id }
    return text.split(separator: "\n").map { ByteText.printable(String($0)) }
      .joined(separator: "\n")
  }
}
