import Dispatch
import Domain
import JSON
import Matching
import Platform
import SimulatedExchange
import Synchronization
import Transport

/// What the simulated exchange has seen, and when: written on its thread, read on the other.
final class WireLog: Sendable {
  private struct Content {
    var arrivals: [String: MonotonicTime] = [:]
    var repeated: [String] = []
    var priceRequests = 0
  }

  private let content = Mutex(Content())
  private let reader: Waker

  /// `reader` is woken by every order that arrives.
  init(waking reader: Waker) {
    self.reader = reader
  }

  /// Takes down the moment at which the last byte of a request had come.
  func note(_ request: ReceivedRequest, at time: MonotonicTime) {
    let route = Route(method: request.method, path: request.path)
    if route == .priceTicker { content.withLock { $0.priceRequests += 1 } }
    let query = request.query ?? ""
    if route == .placeOrder { note([Self.value("newClientOrderId", in: query)], at: time) }
    if route == .placeBatch { note(Self.batchedNames(in: query), at: time) }
  }

  private func note(_ names: [String], at time: MonotonicTime) {
    content.withLock { content in
      for name in names where content.arrivals.updateValue(time, forKey: name) != nil {
        content.repeated.append(name)
      }
    }
    reader.post {}
  }

  private static func batchedNames(in query: String) -> [String] {
    let text = PercentEncoding.decoded(Array(value("batchOrders", in: query).utf8)[...])
    let orders = (try? JSONReader.read(text, limits: .exchange))?.arrayValue ?? []
    return orders.map { $0["newClientOrderId"]?.stringValue ?? "" }
  }

  private static func value(_ name: String, in query: String) -> String {
    let mark = name + "="
    let field = query.split(separator: "&").first { $0.hasPrefix(mark) }
    return field.map { String($0.dropFirst(mark.count)) } ?? ""
  }

  func arrival(of order: ClientOrderID) -> MonotonicTime? {
    content.withLock { $0.arrivals[order.text] }
  }

  var priceRequests: Int { content.withLock { $0.priceRequests } }
  /// Orders that came more than once.
  var repeated: [String] { content.withLock { $0.repeated } }
}

/// A simulated exchange in this process, on a thread and a loop of its own, over HTTP and over TLS.
/// It answers at once, fills at once, and limits nothing.
final class TimingExchange: Sendable {
  private struct Running {
    let plainPort: UInt16
    let tlsPort: UInt16
    let streamPort: UInt16
    let waker: Waker
  }

  /// Carries the outcome of the start, and the wish to stop, between the two threads.
  private final class Handover: Sendable {
    let start = Mutex<Result<Running, BenchError>?>(nil)
    let isStopping = Mutex(false)
  }

  let log: WireLog
  let plainPort: UInt16
  let tlsPort: UInt16
  /// Over TLS as well, of an exchange of its own that has streams.
  let streamPort: UInt16
  private let queue: DispatchQueue
  private let waker: Waker
  private let handover: Handover

  init(_ certificate: Certificate, log: WireLog) throws {
    let queue = DispatchQueue(label: "simulated exchange")
    let handover = Handover()
    let begun = DispatchSemaphore(value: 0)
    queue.async {
      Self.serve(certificate, log, handover) { result in
        handover.start.withLock { $0 = result }
        begun.signal()
      }
    }
    begun.wait()
    guard let running = try handover.start.withLock({ $0 })?.get() else {
      throw BenchError.failed("the simulated exchange did not start")
    }
    self.log = log
    self.queue = queue
    self.handover = handover
    plainPort = running.plainPort
    tlsPort = running.tlsPort
    streamPort = running.streamPort
    waker = running.waker
  }

  /// Ends the thread.
  func close() {
    handover.isStopping.withLock { $0 = true }
    waker.post {}
    queue.sync {}
  }

  private static func serve(
    _ certificate: Certificate, _ log: WireLog, _ handover: Handover,
    _ started: (Result<Running, BenchError>) -> Void
  ) {
    do {
      let loop = try EventLoop()
      let receiver = Receiver(log)
      let context = try TLSContext(
        serverCertificate: certificate.path, key: certificate.keyPath)
      let plain = try HTTPServer(loop: loop, port: 0, tls: nil, handler: receiver.take)
      let tls = try HTTPServer(loop: loop, port: 0, tls: context, handler: receiver.take)
      let streaming = try SimulatorServer(
        loop: loop, port: 0, tls: context, configuration: configuration)
      streaming.onRequest = { request in log.note(request, at: Clock.monotonic()) }
      started(
        .success(
          Running(
            plainPort: plain.port, tlsPort: tls.port, streamPort: streaming.port,
            waker: loop.waker)))
      while !handover.isStopping.withLock({ $0 }) { try loop.turn() }
      plain.close()
      tls.close()
      streaming.close()
    } catch {
      started(.failure(.failed("the simulated exchange: \(error)")))
    }
  }

  /// Answers requests on the exchange's thread.
  private final class Receiver {
    private let log: WireLog
    private var face: SpotFace

    init(_ log: WireLog) {
      self.log = log
      face = SpotFace(TimingExchange.configuration, at: Clock.now())
    }

    func take(_ request: ReceivedRequest, _ responder: Responder) {
      let now = Clock.now()
      log.note(request, at: now.monotonic)
      // Without a fault plan every answer is a plain one.
      guard case .respond(let response) = face.receive(WireRequest(request), at: now) else {
        return responder.close()
      }
      responder.respond(response)
    }
  }

  /// More than any run uses.
  private static let plenty = 1_000_000_000

  private static var configuration: SimulatorConfiguration {
    var configuration = SimulatorConfiguration()
    configuration.rules.walks = false
    configuration.rules.laggingPercent = 0
    configuration.rules.partialPercent = 0
    configuration.rules.maximumOpenOrders = plenty
    configuration.limits.ipWeight = plenty
    configuration.limits.uidWeight = plenty
    configuration.limits.ordersPerSecond = plenty
    configuration.limits.accountReadsPerSecond = plenty
    configuration.balances = [("USDT", FixedDecimal(plenty))]
    return configuration
  }
}
