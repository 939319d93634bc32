import Domain
import Glibc
import Platform
import TestKit

/// Stands where a daemon listens, takes every question and answers none.
final class SilentSocket {
  private final class Client {
    private let descriptor: FileDescriptor
    private(set) var text = ""
    private(set) var isOpen = true
    var number: CInt { descriptor.number }

    init(_ number: CInt) { descriptor = FileDescriptor(owning: number) }

    func takeIn() {
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while isOpen {
        let count = unsafe recv(number, &buffer, buffer.count, CInt(MSG_DONTWAIT))
        if count < 0 { return }
        isOpen = count > 0
        text += String(decoding: buffer[..<count], as: UTF8.self)
      }
    }
  }

  private let listener: UnixListener
  private var clients: [Client] = []

  init(_ path: String) throws {
    listener = try UnixListener(path: path, mode: 0o600)
  }

  /// Waits for a question with this text; who came before has been looked at by then.
  func waitForQuestion(with text: String) throws {
    let end = deadline(after: patience)
    while true {
      for client in clients { client.takeIn() }
      if hasHeard(text) { return }
      var places = ([listener.number] + clients.filter(\.isOpen).map(\.number)).map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      let left = CInt(clamping: end.since(Clock.monotonic()).wholeMilliseconds)
      guard left > 0, unsafe poll(&places, nfds_t(places.count), left) > 0 else {
        throw TimeUp("the question '\(text)'", clients.map(\.text).joined(separator: "\n"))
      }
      let number = accept(listener.number, nil, nil)
      if number >= 0 { clients.append(Client(number)) }
    }
  }

  /// Of those that have been looked at.
  func hasHeard(_ text: String) -> Bool { clients.contains { $0.text.contains(text) } }
}
