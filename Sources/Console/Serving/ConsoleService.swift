import Configuration
import Control
import Domain
import JSON
import Keystore
import Platform
import Store
import Transport

/// What the console answers once somebody may ask. Belongs to the loop's thread; what waits is done on
/// others: one reads the database, two ask the daemon, one has it do what it does at once, and one waits
/// for the exchange and encrypts.
final class ConsoleService {
  typealias Answer = (Reply) -> Void

  let feed: EventFeed
  private let configuration: Configuration
  private let configurationPath: String
  private let logger: Logger
  private let daemon: DaemonClient
  private let status: DaemonStatus
  private let reading: Worker
  /// A halt waits here, and only behind what the daemon answers in one turn.
  private let commands: Worker
  private let inquiries: Worker
  private let slow: Worker
  private let passphrase: PassphraseSource?

  /// Throws when the system gives no threads.
  init(
    _ loop: EventLoop, _ configuration: Configuration, from path: String, _ logger: Logger
  ) throws(SystemError) {
    self.configuration = configuration
    configurationPath = path
    self.logger = logger
    // The environment is read before there are threads.
    passphrase = PassphraseSource(configuration.credentials)
    daemon = DaemonClient(configuration)
    reading = try Worker(loop, database: configuration.store.path)
    commands = try Worker(loop, database: configuration.store.path)
    inquiries = try Worker(loop, database: configuration.store.path)
    slow = try Worker(loop, database: configuration.store.path)
    status = DaemonStatus(try Worker(loop, database: configuration.store.path), daemon)
    feed = EventFeed(loop, reading, status)
  }

  var allowsControl: Bool { configuration.console.allowsControl }

  func close() { feed.close() }

  // MARK: Questions

  func answer(
    _ question: Route.Question, _ request: ReceivedRequest, _ session: Session,
    _ answer: @escaping Answer
  ) {
    switch question {
    case .session: answer(describe(session))
    case .status:
      status.ask { result in
        switch result {
        case .success(let status): answer(.json(AnswerDocument.of(status: status)))
        case .failure(let failure): answer(.failure(failure))
        }
      }
    case .signals: list(request, ControlRequest.signalStates, answer) { .signals($0) }
    case .orders: list(request, ControlRequest.orderStates, answer) { .orders($0) }
    case .story(let id): run(inquiries, answer) { [daemon] in $0.story(of: id, daemon) }
    case .charts:
      do throws(ControlFailure) {
        let hours = try ChartReport.hours(in: Query(request))
        run(reading, answer) { ChartReport.reply($0, hours: hours, at: Clock.now().wall) }
      } catch {
        answer(.failure(error))
      }
    case .configuration:
      let path = configurationPath
      run(reading, answer) { _ in ConfigurationReport.reply(path) }
    }
  }

  private func describe(_ session: Session) -> Reply {
    let token = session.formToken.withBytes { bytes in
      String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
    return .json([
      "ok": true, "token": .string(token), "ends_at": .time(session.end),
      "control": .bool(allowsControl), "version": .string(Version.text),
    ])
  }

  private func list(
    _ request: ReceivedRequest, _ states: [String], _ answer: @escaping Answer,
    _ make: (ListFilter) -> Report
  ) {
    do throws(ControlFailure) {
      report(make(try ListQuery.filter(Query(request), states)), answer)
    } catch {
      answer(.failure(error))
    }
  }

  private func report(_ report: Report, _ answer: @escaping Answer) {
    run(reading, answer) { $0.reply(report) }
  }

  private func run(
    _ worker: Worker, _ answer: @escaping Answer,
    _ work: @escaping @Sendable (Records) -> Reply
  ) {
    if !worker.run(work, then: answer) {
      answer(.error(503, "busy", "too much is asked at once; try again in a moment"))
    }
  }

  // MARK: Commands

  func perform(
    _ command: Route.Command, _ request: ReceivedRequest, _ answer: @escaping Answer
  ) {
    guard request.isJSON else {
      return answer(
        .error(415, "not_json", "the body is JSON, and Content-Type says application/json"))
    }
    let body = request.body
    switch command {
    case .logOut: break
    case .testCredentials, .testExchangeCredentials:
      let path = configurationPath
      run(slow, answer) { _ in CredentialsForm.test(body, configurationPath: path) }
    case .check:
      let configuration = configuration
      let daemon = daemon
      run(inquiries, answer) { _ in DaemonCommand.check(body, daemon, configuration) }
    case .setCredentials, .submit, .halt, .resume, .cancel, .resolve:
      guard allowsControl else {
        return answer(
          .error(
            403, "control_off",
            "the console only looks: write console.control: true into \(configurationPath) and "
              + "restart mexc-console"))
      }
      logger.log(.notice, "a person at the console asks: \(command.rawValue)")
      control(command, body, answer)
    }
  }

  private func control(
    _ command: Route.Command, _ body: [UInt8], _ answer: @escaping Answer
  ) {
    let daemon = daemon
    let configuration = configuration
    let passphrase = passphrase
    switch command {
    case .setCredentials:
      let path = configurationPath
      run(slow, answer) { _ in CredentialsForm.set(body, configuration, from: path, passphrase) }
    case .submit: run(commands, answer) { _ in DaemonCommand.submit(body, daemon) }
    case .resolve:
      // The daemon asks the exchange before it answers.
      run(slow, answer) { _ in DaemonCommand.perform(command.rawValue, body, daemon) }
    case .halt, .resume, .cancel:
      run(commands, answer) { _ in DaemonCommand.perform(command.rawValue, body, daemon) }
    case .logOut, .testCredentials, .testExchangeCredentials, .check: break
    }
  }
}

extension ReceivedRequest {
  /// A form of another site cannot send this type without being asked (Fetch §3.2).
  fileprivate var isJSON: Bool {
    let type = header("Content-Type")?.prefix { $0 != ";" && $0 != " " }
    return type?.lowercased() == "application/json"
  }
}
