import Domain
import JSON
import Platform
import Transport

/// A running mexc-sim with the exchange's limits. Its prices stand still, and it shows and fills an order
/// at once and whole.
final class SimulatorUnderTest: ProgramUnderTest {
  private static let startDeadline = Duration.seconds(20)
  private static let answerDeadline = Duration.seconds(10)

  let name = "mexc-sim"
  let directory: String
  let process: ChildProcess
  let url: String
  private let bench: Bench
  private let client: HTTPClient

  init(_ bench: Bench) throws {
    self.bench = bench
    directory = try bench.newDirectory("simulator")
    let log = directory + "/log"
    let process = try ChildProcess(
      path: Bench.neighbour(name),
      arguments: [
        "--port", "0", "--frozen", "--ack-lag-percent", "0", "--partial-percent", "0",
        "--balance", "USDT=1000000000", "--open-orders", "100000", "--exit-with-parent",
      ], environment: [], log: log)
    self.process = process
    var said: [Substring] = []
    try bench.wait("mexc-sim to listen", for: Self.startDeadline) {
      guard !process.hasEnded else {
        throw BenchError.failed("mexc-sim did not start" + ProgramLog.ending(log))
      }
      said = try TextFile.read(log).split(separator: "\n").first?.split(separator: " ") ?? []
      return said.contains("seed")
    }
    guard let address = said.first(where: { $0.hasPrefix("http://") }) else {
      throw BenchError.failed("mexc-sim says no address" + ProgramLog.ending(log))
    }
    url = String(address)
    client = HTTPClient(
      loop: bench.loop, endpoint: try Endpoint(url), tls: nil,
      configuration: HTTPClient.Configuration())
    client.start()
  }

  /// Everything that the exchange accepted, and its counts.
  func ledger() throws -> JSONValue { try ask(.get, "ledger") }

  /// Throws when it accepted two orders of one name.
  func checkAtMostOnce() throws {
    let count = try ledger()["counts"]?["duplicate_client_order_ids"]?.numberValue
    guard count == "0" else {
      throw failure("mexc-sim accepted \(count ?? "an unknown number of") orders more than once")
    }
  }

  /// Moves the last price; orders that it reaches are filled.
  func movePrice(of symbol: String, to price: String) throws {
    _ = try ask(.post, "price?symbol=\(symbol)&price=\(price)")
  }

  private func ask(_ method: HTTPRequest.Method, _ what: String) throws -> JSONValue {
    var result: Result<HTTPResponse, TransportError>?
    client.send(HTTPRequest(method, "/__admin/" + what), .ordinary) { result = $0 }
    try bench.wait("an answer of mexc-sim", for: Self.answerDeadline) { result != nil }
    guard let response = try result?.get(), response.status == 200 else {
      throw failure("mexc-sim refused \(what)")
    }
    return try JSONReader.read(response.body, limits: .exchange)
  }

  func stop() throws {
    client.close()
    process.terminate()
    try bench.wait("mexc-sim to end", for: Self.startDeadline) { process.hasEnded }
  }
}
