/// A certificate for this machine that signs itself, for one run.
struct Certificate {
  let path: String
  let keyPath: String

  private static let deadline = Duration.seconds(20)
  private static let searchPath = "PATH=/usr/local/bin:/usr/bin:/bin"

  /// Has the openssl command make it.
  init(in directory: String, _ bench: Bench) throws {
    path = directory + "/cert.pem"
    keyPath = directory + "/key.pem"
    let log = directory + "/openssl.log"
    let openssl: ChildProcess
    do {
      openssl = try ChildProcess(
        path: "openssl",
        arguments: [
          "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
          "-keyout", keyPath, "-out", path, "-days", "2", "-subj", "/CN=localhost",
          "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ], environment: [Self.searchPath], log: log)
    } catch {
      throw BenchError.failed("\(error); install it: apt install openssl")
    }
    try bench.wait("openssl to make a certificate", for: Self.deadline) { openssl.hasEnded }
    guard openssl.hasSucceeded else {
      throw BenchError.failed("openssl made no certificate: \(try TextFile.read(log))")
    }
  }
}
