import Domain
import Glibc
import JSON
import Platform
import TestKit

/// A client of the signal socket whose every byte the test decides.
final class RawClient {
  private let descriptor: FileDescriptor
  private var received: [UInt8] = []

  init(_ path: String) throws {
    let number = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    descriptor = FileDescriptor(owning: number)
    let connected = unsafe UnixAddress.with(path) { unsafe connect(number, $0, $1) }
    guard connected == 0 else { throw Unusable("connect to \(path): errno \(errno)") }
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    guard
      unsafe Glibc.send(descriptor.number, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
    else { throw Unusable("send: errno \(errno)") }
  }

  func endSending() { shutdown(descriptor.number, CInt(SHUT_WR)) }

  /// The next line, or nil at the end of what the daemon sends.
  func line() throws -> JSONValue? {
    let end = deadline(after: patience)
    while true {
      if let newline = received.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(received[..<newline])
        received.removeSubrange(...newline)
        return try JSONReader.read(line)
      }
      var question = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
      let left = end.since(Clock.monotonic()).wholeMilliseconds
      guard left > 0, unsafe poll(&question, 1, CInt(clamping: left)) > 0 else {
        throw TimeUp("a line on the signal socket")
      }
      var buffer = [UInt8](repeating: 0, count: 16_384)
      let count = unsafe read(descriptor.number, &buffer, buffer.count)
      guard count >= 0 else { throw Unusable("read: errno \(errno)") }
      if count == 0 {
        guard received.isEmpty else { throw Unusable("an end within a line") }
        return nil
      }
      received += buffer[..<count]
    }
  }

  /// Everything that still comes, to the end.
  func rest() throws -> [JSONValue] {
    var lines: [JSONValue] = []
    while let next = try line() { lines.append(next) }
    return lines
  }
}
