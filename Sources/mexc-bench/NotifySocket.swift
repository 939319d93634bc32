import CLinux
import Domain
import Glibc
import Platform

/// The service manager's end of sd_notify(3): hears when a daemon is ready, and what it says of its
/// state, at the moment when it says it.
final class NotifySocket {
  struct Message {
    let text: String
    let at: MonotonicTime
  }

  let path: String
  private(set) var messages: [Message] = []
  private let loop: EventLoop
  private let descriptor: FileDescriptor

  /// A state is one line.
  private static let messageBytes = 4_096

  init(path: String, loop: EventLoop) throws {
    self.path = path
    self.loop = loop
    let kind = CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let number = socket(AF_UNIX, kind, 0)
    guard number >= 0 else { throw SystemError.last("socket") }
    descriptor = FileDescriptor(owning: number)
    let bytes = Array(path.utf8)
    guard unsafe clinux_bind_unix(number, bytes, bytes.count) == 0
    else { throw SystemError.last("bind", path) }
    try loop.register(number, .read) { [weak self] _ in self?.receive() }
  }

  deinit {
    loop.deregister(descriptor.number)
    _ = unsafe unlink(path)
  }

  private func receive() {
    var buffer = [UInt8](repeating: 0, count: Self.messageBytes)
    while true {
      let count = retryingInterrupts { unsafe recv(descriptor.number, &buffer, buffer.count, 0) }
      guard count >= 0 else { return }
      let text = String(decoding: buffer[..<count], as: UTF8.self)
      messages.append(Message(text: text, at: Clock.monotonic()))
    }
  }

  /// When a message with this beginning first came.
  func time(of beginning: String) -> MonotonicTime? {
    messages.first { $0.text.hasPrefix(beginning) }?.at
  }
}
