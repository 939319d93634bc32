package import Configuration
import Domain
package import JSON
import Platform

/// The way to a daemon on its two sockets. Waits for each answer: never for a daemon's own loop.
package struct DaemonClient: Sendable {
  /// How long the daemon may take: its turns take milliseconds, a slow disk longer.
  package static let usualAnswerTime: Duration = .seconds(5)
  /// What is verified at the exchange waits for its answer, and perhaps for the rate limits.
  private static let verificationFactor = 6
  /// systemd holds the line that is sent while a daemon starts, which may take this long.
  private static let startFactor = 18

  private let controlSocket: String
  let signalSocket: String
  private let answerTime: Duration
  /// What the control socket was named by.
  private let name: String

  package init(
    controlSocket: String, signalSocket: String, answerTime: Duration,
    named name: String = "control.socket"
  ) {
    self.controlSocket = controlSocket
    self.signalSocket = signalSocket
    self.answerTime = answerTime
    self.name = name
  }

  package init(_ configuration: Configuration) {
    self.init(
      controlSocket: configuration.control.socket, signalSocket: configuration.intake.socket,
      answerTime: Self.usualAnswerTime)
  }

  /// What the daemon answers on the control socket. Throws its refusal, and why none came:
  /// `notRunning` when nobody listens.
  package func ask(_ request: ControlRequest) throws(ControlFailure) -> JSONValue {
    let answer: ControlAnswer
    do throws(UnixClient.Failure) {
      answer = try self.answer(to: request)
    } catch {
      throw SocketAdvice.failure(error, controlSocket, request)
    }
    switch answer {
    case .result(let result): return result
    case .failure(let failure): throw failure
    }
  }

  /// The same, for who does something else where none came. Throws why.
  func answer(to request: ControlRequest) throws(UnixClient.Failure) -> ControlAnswer {
    let line = try Self.exchange(request.line, controlSocket, within: time(for: request))
    return ControlAnswer(line) ?? .failure(Self.stranger(controlSocket, name))
  }

  /// What the daemon tells of a signal on the signal socket, to who sent it. Throws why it tells
  /// nothing.
  func answerToSender(about id: SignalID) throws(UnixClient.Failure) -> ControlAnswer {
    let request: JSONValue = ["explain": .string(id.text)]
    let line = try Self.exchange(
      Array(request.compactText().utf8), signalSocket, within: answerTime)
    return ControlAnswer(line) ?? .failure(Self.stranger(signalSocket, "intake.socket"))
  }

  /// The daemon's answer to a signal, which is one line. With `waiting`, the start of a daemon is waited
  /// for, and that is called once when a running one should have answered. Throws when none came, and
  /// when the text asks for a story, whose answer is another.
  package func submit(
    _ signal: [UInt8], waiting: (() -> Void)? = nil
  ) throws(ControlFailure) -> JSONValue {
    if SignalText.purpose(of: signal) == .story {
      throw ControlFailure(
        code: .refused,
        message: "this asks for a signal's story and is no signal; 'mexc-signalctl explain ID' "
          + "tells it")
    }
    if let refusal = SignalText.refusal(asLine: signal) { return refusal }
    let late = Clock.monotonic().advanced(by: answerTime)
    let answer: [UInt8]
    do throws(UnixClient.Failure) {
      answer = try Self.exchange(
        SignalLine.of(signal), signalSocket,
        within: waiting == nil ? answerTime : answerTime * Self.startFactor,
        notice: waiting.map { UnixClient.Notice(at: late, $0) })
    } catch {
      throw SocketAdvice.failure(error, signalSocket, nil)
    }
    guard let document = try? JSONReader.read(answer), document["status"]?.stringValue != nil
    else { throw Self.stranger(signalSocket, "intake.socket") }
    return document
  }

  /// What would become of a signal of this text if it were sent now. Throws why that is not told.
  package func judge(_ text: [UInt8]) throws(ControlFailure) -> JSONValue {
    if let other = SignalText.purpose(of: text) {
      throw ControlFailure(
        code: .refused,
        message: "this is \(other.rawValue) and no signal: there is nothing to check")
    }
    guard let signal = SignalText.question(text) else {
      return SignalText.refusal(asQuestion: text)
    }
    do throws(ControlFailure) {
      return try ask(.dryRun(signal: signal))
    } catch {
      // Nothing but its length makes this question no request.
      guard error.code == .invalidRequest else { throw error }
      return SignalText.refusalAsTooLarge
    }
  }

  private func time(for request: ControlRequest) -> Duration {
    if case .perform(.resolvePlaced) = request {
      answerTime * Self.verificationFactor
    } else {
      answerTime
    }
  }

  private static func exchange(
    _ line: [UInt8], _ socket: String, within time: Duration, notice: UnixClient.Notice? = nil
  ) throws(UnixClient.Failure) -> [UInt8] {
    let deadline = Clock.monotonic().advanced(by: time)
    let client = try UnixClient(path: socket, until: deadline, notice: notice)
    return try client.request(line, until: deadline)
  }

  private static func stranger(_ socket: String, _ key: String) -> ControlFailure {
    ControlFailure(
      code: .noAnswer, message: "what answers on \(socket) is not this daemon; check \(key)")
  }
}
