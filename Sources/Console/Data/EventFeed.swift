import Control
import Domain
import JSON
import Platform
import Store
import Transport

/// Server-sent events: the daemon's present state, the last events of its history, then everything that
/// follows. An event's id is its row in the history, so that a browser that comes back says from where
/// it missed something.
final class EventFeed {
  fileprivate final class Client {
    let stream: ResponseStream
    let isAllowed: () -> Bool
    /// The last row that it was told; nil while it is not known where to begin.
    var position: Int64?
    /// A row of the history that it is told, this one or a later one; nil before it was told any.
    var witness: ChainHead?
    /// Whether it waits for the state, which comes first, or for rows that are being read.
    var isWaiting = true

    init(_ stream: ResponseStream, _ isAllowed: @escaping () -> Bool) {
      self.stream = stream
      self.isAllowed = isAllowed
    }
  }

  /// What one look into the history gave.
  private enum Look: Sendable {
    case rows([String], last: ChainHead?, isCut: Bool)
    /// What a client saw is not there: another database.
    case otherHistory
    case failure
  }

  /// More pages than one person has open.
  static let clientMaximum = 16
  private static let pause = Duration.milliseconds(250)
  /// The state is told again after so many pauses: every two seconds.
  private static let pausesPerState = 8
  private static let rowsPerLook = 200
  private static let goneMaximum = 64
  /// A new page shows so many events of before.
  private static let rowsBefore: Int64 = 20
  /// A client that does not read is told nothing more until it does.
  fileprivate static let backlogMaximum = 256 * 1024
  private static let retry = "retry: 1000\n\n"

  private let loop: EventLoop
  private let worker: Worker
  private let status: DaemonStatus
  private var clients: [Client] = []
  /// Where clients were that have gone: who comes back is one of them.
  private var gone: [ChainHead] = []
  private var timer: EventLoop.TimerID?
  private var pauses = 0

  init(_ loop: EventLoop, _ worker: Worker, _ status: DaemonStatus) {
    self.loop = loop
    self.worker = worker
    self.status = status
  }

  deinit {
    if let timer { loop.cancel(timer) }
  }

  /// Pages that were closed make room at once.
  func hasRoom() -> Bool {
    forgetGone()
    return clients.count < Self.clientMaximum
  }

  /// `isAllowed` is asked again and again: who is not is told nothing more.
  func add(_ stream: ResponseStream, after row: Int64?, isAllowed: @escaping () -> Bool) {
    let client = Client(stream, isAllowed)
    clients.append(client)
    stream.send(Array(Self.retry.utf8))
    status.ask { [weak self] answer in
      guard let self else { return }
      client.stream.send(Self.message("status", Self.document(answer)))
      begin(client, after: row)
    }
    if timer == nil { wait() }
  }

  func close() { clients = [] }

  // MARK: Time

  private func wait() {
    timer = loop.schedule(at: loop.now.advanced(by: Self.pause)) { [weak self] in self?.tick() }
  }

  private func tick() {
    timer = nil
    pauses += 1
    if pauses % Self.pausesPerState == 0 { tellState() }
    forgetGone()
    for client in clients { look(for: client) }
    if !clients.isEmpty { wait() }
  }

  private func forgetGone() {
    gone += clients.filter { $0.stream.backlog == nil }.compactMap(\.witness)
    gone.removeFirst(max(0, gone.count - Self.goneMaximum))
    clients.removeAll { $0.stream.backlog == nil }
  }

  private func tellState() {
    clients.removeAll { !$0.isAllowed() }
    guard !clients.isEmpty else { return }
    status.ask { [weak self] answer in
      let message = Self.message("status", Self.document(answer))
      for client in self?.clients ?? [] where client.takesMore { client.stream.send(message) }
    }
  }

  // MARK: The history

  /// A client that knows a row goes on after it; a new one sees the last few.
  private func begin(_ client: Client, after row: Int64?) {
    client.isWaiting = false
    if let row {
      client.position = row
      // Before the first row every history is the same.
      let witnesses = row > 0 ? gone + clients.compactMap(\.witness) : []
      client.witness = witnesses.filter { $0.row >= row }.min { $0.row < $1.row }
      // Who comes back next is another one.
      if let place = gone.firstIndex(where: { $0 == client.witness }) { gone.remove(at: place) }
    }
    look(for: client)
  }

  /// What comes to nothing is tried again with the next pause.
  private func look(for client: Client) {
    guard !client.isWaiting, client.takesMore else { return }
    guard let position = client.position else { return findPlace(for: client) }
    let witness = client.witness
    read(client) {
      Self.look($0, after: position, witness)
    } then: { [weak self] look in
      self?.tell(client, look)
    }
  }

  private func findPlace(for client: Client) {
    read(client) { records -> Int64? in
      do throws(StoreError) {
        return try records.read { store throws(StoreError) in try store.head().row }
      } catch {
        return nil
      }
    } then: { [weak self] head in
      guard let head else { return }
      client.position = max(0, head - Self.rowsBefore)
      self?.look(for: client)
    }
  }

  private static func look(
    _ records: Records, after position: Int64, _ witness: ChainHead?
  ) -> Look {
    do throws(StoreError) {
      return try records.history { reader throws(StoreError) in
        if let witness, try !reader.store.holds(witness) { return .otherHistory }
        let rows = try reader.rows(after: position, limit: rowsPerLook)
        guard let last = rows.last else {
          return try reader.store.head().row < position
            ? .otherHistory : .rows([], last: nil, isCut: false)
        }
        return .rows(
          rows.map { "id: \($0.link.row)\nevent: history\ndata: \($0.document.compactText())\n\n" },
          last: last.link, isCut: rows.count == rowsPerLook)
      }
    } catch {
      // The state says what is wrong with the daemon.
      return .failure
    }
  }

  private func tell(_ client: Client, _ look: Look) {
    switch look {
    case .rows(let messages, let last, let isCut):
      if let last { (client.position, client.witness) = (last.row, last) }
      if !messages.isEmpty { client.stream.send(Array(messages.joined().utf8)) }
      if isCut { self.look(for: client) }
    case .otherHistory:
      client.stream.send(Self.message("reset", [:]))
      (client.position, client.witness) = (nil, nil)
      self.look(for: client)
    case .failure: break
    }
  }

  private func read<Value: Sendable>(
    _ client: Client, _ work: @escaping @Sendable (Records) -> Value,
    then: @escaping (Value) -> Void
  ) {
    client.isWaiting = worker.run(work) { value in
      client.isWaiting = false
      then(value)
    }
  }

  // MARK: Texts

  private static func document(_ answer: DaemonStatus.Answer) -> JSONValue {
    switch answer {
    case .success(let status): AnswerDocument.of(status: status)
    case .failure(let failure): failure.document
    }
  }

  private static func message(_ name: String, _ document: JSONValue) -> [UInt8] {
    Array("event: \(name)\ndata: \(document.compactText())\n\n".utf8)
  }
}

extension EventFeed.Client {
  fileprivate var takesMore: Bool {
    stream.backlog.map { $0 < EventFeed.backlogMaximum } ?? false
  }
}
