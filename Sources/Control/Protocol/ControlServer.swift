package import Configuration
package import Domain
package import JSON
package import Platform
package import Store

/// What the control socket needs of the daemon. Called on the loop's thread.
package struct ControlHandlers {
  /// The object that `status` shows.
  package let status: () -> JSONValue
  /// `nil` while the storage is down.
  package let store: () -> StoreReader?
  /// What the order of a signal waits for; `nil` when it does not wait.
  package let waitsFor: (SignalID) -> String?
  /// Calls `done` once, at once or later: when the command's effects are durable.
  package let perform: (OperatorCommand, _ done: @escaping (CommandAnswer) -> Void) -> Void
  /// Calls `done` once, when the word is durable.
  package let expectRenewedKey: (_ done: @escaping (CommandAnswer) -> Void) -> Void
  /// What would become of a signal of this text. Throws why that cannot be told.
  package let dryRun: (String) throws(ControlFailure) -> JSONValue
  /// Somebody has connected.
  package let onPeer: (PeerCredentials) -> Void
  package let onTrouble: (LineServer.Trouble) -> Void

  package init(
    status: @escaping () -> JSONValue, store: @escaping () -> StoreReader?,
    waitsFor: @escaping (SignalID) -> String?,
    perform: @escaping (OperatorCommand, _ done: @escaping (CommandAnswer) -> Void) -> Void,
    expectRenewedKey: @escaping (_ done: @escaping (CommandAnswer) -> Void) -> Void,
    dryRun: @escaping (String) throws(ControlFailure) -> JSONValue,
    onPeer: @escaping (PeerCredentials) -> Void = { _ in },
    onTrouble: @escaping (LineServer.Trouble) -> Void = { _ in }
  ) {
    self.status = status
    self.store = store
    self.waitsFor = waitsFor
    self.perform = perform
    self.expectRenewedKey = expectRenewedKey
    self.dryRun = dryRun
    self.onPeer = onPeer
    self.onTrouble = onTrouble
  }
}

/// The operator's way into the daemon: a request a line, an answer a line, in their order, however
/// late the answer to one of them comes.
package final class ControlServer {
  /// An answer that its turn has not come for, or that is still awaited.
  private struct Slot {
    let number: UInt64
    var answer: ControlAnswer?
    /// The connection is closed after it.
    var isLast = false
  }

  /// What SQLite may do for one list: no order leaves meanwhile. A list of the greatest length takes
  /// half of it.
  package static let listSteps = 500_000

  private let handlers: ControlHandlers
  private let listSteps: Int
  private let lineMaximum: Int
  private var server: LineServer?
  private var slots: [LineServer.ConnectionID: [Slot]] = [:]
  private var nextNumber: UInt64 = 1

  /// Serves until `close()`. Throws when the loop cannot watch the listener.
  package init(
    listener: UnixListener, loop: EventLoop, intake: Configuration.Intake,
    listSteps: Int = ControlServer.listSteps, handlers: ControlHandlers
  ) throws(SystemError) {
    self.handlers = handlers
    self.listSteps = listSteps
    lineMaximum = ControlRequest.lineMaximum(forSignalsOf: intake.maximumSignalBytes)
    server = try LineServer(
      listener: listener, maximumLineBytes: lineMaximum, loop: loop,
      handlers: LineServer.Handlers(
        connected: { _, peer in handlers.onPeer(peer) },
        received: { [weak self] connection, input in self?.take(input, from: connection) },
        disconnected: { [weak self] connection in self?.slots[connection] = nil },
        troubled: handlers.onTrouble))
  }

  package var clientCount: Int { server?.clientCount ?? 0 }

  /// Cuts everybody off and gives the socket up.
  package func close() {
    server?.close()
    server = nil
    slots = [:]
  }

  private func take(_ input: LineInput, from connection: LineServer.ConnectionID) {
    let number = nextNumber
    nextNumber += 1
    var slot = Slot(number: number)
    if case .foreign = input { slot.isLast = true }
    slots[connection, default: []].append(slot)
    switch input {
    case .foreign(let other):
      fill(
        number, of: connection,
        .failure(
          .invalidRequest(
            "this is \(other.rawValue), and the control socket takes requests in lines of JSON; "
              + "use 'mexc-signalctl'")))
    case .tooLong:
      fill(
        number, of: connection,
        .failure(.invalidRequest("a request has at most \(lineMaximum) bytes")))
    case .line(let line):
      do throws(ControlFailure) {
        serve(try ControlRequest.read(line), number, connection)
      } catch {
        fill(number, of: connection, .failure(error))
      }
    }
  }

  private func serve(
    _ request: ControlRequest, _ number: UInt64, _ connection: LineServer.ConnectionID
  ) {
    switch request {
    case .status: fill(number, of: connection, .result(handlers.status()))
    case .report(let report): fill(number, of: connection, answer(report))
    case .dryRun(let text): fill(number, of: connection, judge(text))
    case .perform(let command):
      if let failure = refusal(of: command) {
        return fill(number, of: connection, .failure(failure))
      }
      handlers.perform(command) { [weak self] answer in
        self?.fill(number, of: connection, ControlAnswer(answer))
      }
    case .expectRenewedKey:
      handlers.expectRenewedKey { [weak self] answer in
        self?.fill(number, of: connection, ControlAnswer(answer))
      }
    }
  }

  /// What has ended, or never began, is in the records and not in the engine.
  private func refusal(of command: OperatorCommand) -> ControlFailure? {
    do throws(StoreError) {
      return try handlers.store().flatMap { store throws(StoreError) in
        try command.refusal(by: store)
      }
    } catch {
      return ControlFailure(error)
    }
  }

  private func judge(_ text: String) -> ControlAnswer {
    do throws(ControlFailure) {
      return .result(try handlers.dryRun(text))
    } catch {
      return .failure(error)
    }
  }

  private func answer(_ report: Report) -> ControlAnswer {
    guard let store = handlers.store() else { return .failure(.noStore) }
    do throws(ControlFailure) {
      return .result(
        try report.document(from: store, maximumSteps: listSteps, waitsFor: handlers.waitsFor))
    } catch {
      return .failure(error)
    }
  }

  /// Puts an answer into its place and sends all that are not behind an awaited one. Nobody is left
  /// to tell when the connection has gone meanwhile.
  private func fill(
    _ number: UInt64, of connection: LineServer.ConnectionID, _ answer: ControlAnswer
  ) {
    guard let index = slots[connection]?.firstIndex(where: { $0.number == number }) else { return }
    slots[connection]?[index].answer = answer
    while let slot = slots[connection]?.first, let ready = slot.answer {
      slots[connection]?.removeFirst()
      server?.answer(connection, ready.line)
      if slot.isLast { server?.finish(connection) }
    }
  }
}

extension ControlAnswer {
  fileprivate init(_ answer: CommandAnswer) {
    self =
      answer.ok
      ? .result(["message": .string(answer.message)])
      : .failure(ControlFailure(code: .refused, message: answer.message))
  }
}
