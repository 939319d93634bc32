import CLinux
import Glibc
import Testing

/// A client of a Unix socket whose every byte the test decides.
final class RawClient {
  let number: CInt
  private var received = ""
  private var isOpen = true

  init(_ path: String) throws {
    number = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    let bytes = Array(path.utf8)
    try #require(unsafe clinux_connect_unix(number, bytes, bytes.count) == 0)
    try #require(fcntl(number, F_SETFL, O_NONBLOCK) == 0)
  }

  deinit { close() }

  /// The bytes that the socket took.
  @discardableResult
  func send(_ text: String) -> Int {
    let bytes = Array(text.utf8)
    return unsafe Glibc.send(number, bytes, bytes.count, CInt(MSG_NOSIGNAL))
  }

  func endSending() { shutdown(number, CInt(SHUT_WR)) }

  func close() {
    if isOpen { Glibc.close(number) }
    isOpen = false
  }

  var text: String {
    received += available(number)
    return received
  }

  /// Everything was read and the other side has closed.
  var isAtEnd: Bool {
    _ = text
    var byte: UInt8 = 0
    return unsafe recv(number, &byte, 1, CInt(MSG_PEEK)) == 0
  }
}
