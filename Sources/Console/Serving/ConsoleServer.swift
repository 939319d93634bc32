import Configuration
import Control
import Domain
import Glibc
import JSON
import Platform
import Transport

/// The console over HTTP: who may, then what is asked.
final class ConsoleServer {
  /// A browser opens six connections to one place, and keeps one of them for events.
  private static let connectionMaximum = 64
  private static let requestTime = Duration.seconds(10)
  private static let idleTime = Duration.seconds(30)
  /// Beside a signal, what a form may send.
  private static let bodyRoom = 8 * 1024

  /// Where it listens: `ADDRESS:PORT` or `unix:/PATH`.
  let address: String

  private let loop: EventLoop
  private let access: ConsoleAccess
  private let cookie: SessionCookie
  private let logger: Logger
  private let gate: RequestGuard
  private let service: ConsoleService
  private var server: HTTPServer?
  /// Holds the name in the file system.
  private var socket: UnixListener?
  private var wrongCodes = WrongCodes()
  /// Anybody on the machine can bring these lines about as often as they like.
  private var told = RecentTexts()

  /// Listens at once. Throws when it cannot.
  init(
    _ loop: EventLoop, _ configuration: Configuration, from path: String, _ access: ConsoleAccess,
    _ logger: Logger
  ) throws {
    self.loop = loop
    self.access = access
    cookie = SessionCookie(folder: ConsoleAccess.folder(configuration), mark: try access.mark())
    self.logger = logger
    service = try ConsoleService(loop, configuration, from: path, logger)
    var options = HTTPServer.Configuration()
    options.maximumConnections = Self.connectionMaximum
    options.replacesQuietConnections = true
    options.requestDeadline = Self.requestTime
    options.idleMaximum = Self.idleTime
    options.limits.bodyMaximum = configuration.intake.maximumSignalBytes + Self.bodyRoom
    let relay = Relay()
    switch configuration.console.listen {
    case .port(let address, let port):
      gate = RequestGuard(takesAnyHost: false)
      let server = try HTTPServer(
        loop: loop, address: address, port: port, tls: nil, configuration: options
      ) { relay.owner?.receive($0, $1) }
      self.server = server
      self.address = ListenAddress.port(address, server.port).text
    case .unix(let path):
      gate = RequestGuard(takesAnyHost: true)
      // The proxy is let in by its membership of the socket's group.
      let socket = try UnixListener(path: path, mode: 0o660)
      self.socket = socket
      let listener = fcntl(socket.number, F_DUPFD_CLOEXEC, 0)
      guard listener >= 0 else { throw SystemError.last("fcntl") }
      server = try HTTPServer(
        loop: loop, listener: FileDescriptor(owning: listener), configuration: options
      ) { relay.owner?.receive($0, $1) }
      address = configuration.console.listen.text
    }
    relay.owner = self
  }

  /// The server is there before its handler's owner is whole.
  private final class Relay {
    weak var owner: ConsoleServer?
  }

  /// The address as a browser takes it; a Unix socket's is its proxy's affair.
  var link: String { gate.takesAnyHost ? address : "http://" + address }

  func close() {
    service.close()
    server?.close()
  }

  // MARK: A request

  private func receive(_ request: ReceivedRequest, _ responder: Responder) {
    if let refusal = gate.refusal(of: request) {
      tell(
        "a request from elsewhere was refused: a page of another site, or a name that leads here",
        [LogField("host", request.header("Host") ?? "")])
      return responder.respond(refusal.response)
    }
    guard let route = Route(request.path) else {
      return refuse(request, .error(404, "not_found", "there is nothing at this path"), responder)
    }
    guard route.method == request.method else {
      var reply = Reply.error(
        405, "method_not_allowed", "this path takes \(route.method) and nothing else")
      reply.headers = [("Allow", route.method)]
      return refuse(request, reply, responder)
    }
    switch route {
    case .login: logIn(request, responder)
    case .style, .script: answer(responder, Assets.reply(route))
    case .page, .read, .events, .write: receive(request, route, responder)
    }
  }

  /// Who has no session is told nothing else.
  private func refuse(_ request: ReceivedRequest, _ reply: Reply, _ responder: Responder) {
    var reply = reply
    if case .failure(let failure) = findSession(request) { reply = failure.reply }
    answer(responder, reply)
  }

  /// What only a person with a session may.
  private func receive(_ request: ReceivedRequest, _ route: Route, _ responder: Responder) {
    let session: Session
    switch findSession(request) {
    case .failure(let failure): return answer(responder, failure.reply(to: route))
    case .success(let found): session = found
    }
    switch route {
    case .login, .style, .script: break
    case .page(let page):
      let reply = Page(
        page, of: cookie.console, token: session.formToken, allowsControl: service.allowsControl
      ).reply
      answer(responder, reply)
    case .read(let question):
      service.answer(question, request, session) { [weak self] reply in
        self?.answer(responder, reply)
      }
    case .events: stream(request, session, responder)
    case .write(let command):
      guard session.accepts(request.header("X-CSRF-Token")) else {
        return answer(
          responder,
          .error(
            403, "missing_token",
            "the request lacks the page's token (X-CSRF-Token), and nothing of it is done"))
      }
      if command == .logOut { return logOut(session, responder) }
      service.perform(command, request) { [weak self] reply in self?.answer(responder, reply) }
    }
  }

  private func tell(_ message: String, _ fields: [LogField]) {
    if told.isRecent(message, at: loop.now) { return }
    logger.log(.warning, message, fields)
  }

  private func answer(_ responder: Responder, _ reply: Reply) {
    responder.respond(reply.response)
  }

  private func stream(_ request: ReceivedRequest, _ session: Session, _ responder: Responder) {
    guard service.feed.hasRoom() else {
      return answer(
        responder,
        .error(
          503, "too_many_pages",
          "\(EventFeed.clientMaximum) pages are open already; close one of them"))
    }
    let last: String?
    do throws(ControlFailure) {
      let asked = try Query(request).first("after")
      last = request.header("Last-Event-ID") ?? asked
    } catch {
      return answer(responder, .failure(error))
    }
    let head = HTTPResponse(
      status: 200, headers: [("Content-Type", "text/event-stream")] + Reply.protection)
    guard let stream = responder.stream(head) else { return }
    let secret = session.secret
    service.feed.add(stream, after: last.flatMap { Int64($0) }) { [access] in
      // Who cannot be looked up is not let in.
      (try? access.session(secret, at: Clock.now().wall)) != nil
    }
  }

  // MARK: Sessions

  private func findSession(_ request: ReceivedRequest) -> Result<Session, SessionFailure> {
    do throws(SystemError) {
      for secret in cookie.values(in: request) {
        if let end = try access.session(secret, at: Clock.now().wall) {
          return .success(Session(secret: secret, end: end))
        }
      }
      return .failure(.none)
    } catch {
      logger.log(.error, "sessions cannot be looked up: \(error)")
      return .failure(.unusable)
    }
  }

  private func logIn(_ request: ReceivedRequest, _ responder: Responder) {
    guard let code = (try? Query(request))?.first("code") else {
      return answer(responder, Page.withoutSession)
    }
    let secret = Secret(copying: Array(code.utf8))
    do throws(SystemError) {
      if let grant = try access.redeem(secret, at: Clock.now().wall) {
        logger.log(.notice, "somebody has opened the console with a code")
        var reply = Reply.text("", .plain, status: 303)
        // The code does not stay in the address.
        reply.headers = [("Location", "/"), cookie.header(grant)]
        return answer(responder, reply)
      }
      refuseCode(responder)
    } catch {
      logger.log(.error, "a code cannot be looked up: \(error)")
      answer(responder, SessionFailure.unusable.reply)
    }
  }

  private func refuseCode(_ responder: Responder) {
    tell("a code for the console was refused: it is wrong, used or over", [])
    guard let delay = wrongCodes.delayOfAnswer(at: loop.now) else {
      return answer(
        responder,
        .text("Too many wrong codes; wait a few seconds.\n", .plain, status: 429))
    }
    loop.schedule(at: loop.now.advanced(by: delay)) { [weak self] in
      self?.wrongCodes.answered()
      responder.respond(Page.withoutSession.response)
    }
  }

  private func logOut(_ session: Session, _ responder: Responder) {
    do throws(SystemError) {
      try access.endSession(session.secret)
      var reply = Reply.json(["ok": true, "message": "the session is over"])
      reply.headers = [cookie.removal]
      answer(responder, reply)
    } catch {
      logger.log(.error, "a session cannot be ended: \(error)")
      answer(responder, SessionFailure.unusable.reply)
    }
  }
}

/// Why nobody is let in.
private enum SessionFailure: Error {
  case none
  case unusable

  var reply: Reply {
    switch self {
    case .none:
      .error(
        401, "no_session", "open the link that 'mexc-signalctl console' prints, then try again")
    case .unusable:
      .error(
        503, "sessions_unusable",
        "the console's folder of sessions cannot be used; its journal says why")
    }
  }

  /// A person sees a page.
  func reply(to route: Route) -> Reply {
    if case .page = route, self == .none { return Page.withoutSession }
    return reply
  }
}
