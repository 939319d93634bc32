import Foundation

/// `openssl s_server` as a peer, for what our own server refuses to do.
final class OpenSSLServer {
  let port: UInt16
  private let process = Process()
  private let output = Pipe()
  /// Open, so that the server does not read the end of its input and leave.
  private let input = Pipe()

  struct NotListening: Error {
    let output: String
  }

  init(_ pair: Certificates.Pair, _ options: [String]) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments =
      ["s_server", "-accept", "127.0.0.1:0", "-cert", pair.certificate, "-key", pair.key, "-www"]
      + options
    process.standardOutput = output
    process.standardError = output
    process.standardInput = input
    try process.run()
    var text = ""
    var found: UInt16?
    while found == nil {
      let bytes = output.fileHandleForReading.availableData
      guard !bytes.isEmpty else { throw NotListening(output: text) }
      text += String(decoding: bytes, as: UTF8.self)
      for line in text.split(separator: "\n") where line.hasPrefix("ACCEPT 127.0.0.1:") {
        found = UInt16(line.dropFirst("ACCEPT 127.0.0.1:".count))
      }
    }
    port = found ?? 0
  }

  deinit {
    // A child of a test's thread is born with SIGTERM blocked.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
