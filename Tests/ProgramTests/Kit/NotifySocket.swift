import Domain
import Glibc
import Platform
import TestKit

/// A socket that systemd, or its journal, listens on.
final class NotifySocket {
  private let descriptor: FileDescriptor
  private(set) var messages: [String] = []

  init(_ path: String) throws {
    descriptor = FileDescriptor(owning: socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0))
    let bound = unsafe UnixAddress.with(path) { unsafe bind(descriptor.number, $0, $1) }
    guard bound == 0 else { throw Unusable("bind: errno \(errno)") }
  }

  /// Reads until a message has come that begins so and holds the text.
  @discardableResult
  func wait(for prefix: String, containing text: String = "") throws -> String {
    let end = deadline(after: patience)
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let found = messages.first { message in
        message.hasPrefix(prefix) && (text.isEmpty || message.contains(text))
      }
      if let found { return found }
      var question = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
      let left = CInt(clamping: end.since(Clock.monotonic()).wholeMilliseconds)
      guard left > 0, unsafe poll(&question, 1, left) > 0 else {
        throw TimeUp("\(prefix)…\(text) on the notify socket", messages.joined(separator: "\n"))
      }
      let count = unsafe recv(descriptor.number, &buffer, buffer.count, 0)
      if count > 0 { messages.append(String(decoding: buffer[..<count], as: UTF8.self)) }
    }
  }

  func forget() { messages = [] }
}
