package import Domain
import Glibc

/// A client that waits: one line out, lines in. For the operator's tool, never for the loop.
package final class UnixClient {
  package enum Failure: Error, Hashable, Sendable {
    /// Nobody listens at the path.
    case notListening(path: String)
    /// The time was over before the other side answered; what it did is not known.
    case timedOut
    /// The other side closed the connection before a whole line came.
    case closed
    /// The answer is longer than any that this program gives.
    case tooLong
    case socket(UnixSocketError)
  }

  /// Well above the longest list that a command prints.
  package static let maximumLineBytes = 64 * 1024 * 1024

  private let descriptor: FileDescriptor
  private var lines = LineBuffer(maximumLineBytes: UnixClient.maximumLineBytes)

  /// Connects to the socket at `path`. Throws when nobody answers there, or this process may not.
  package init(path: String) throws(Failure) {
    do throws(UnixSocketError) {
      let address = try UnixSocket.address(of: path)
      let number = try UnixSocket.make(CInt(SOCK_NONBLOCK.rawValue))
      descriptor = FileDescriptor(owning: number)
      if UnixSocket.connect(number, to: address) == 0 { return }
      if errno != ENOENT && errno != ECONNREFUSED { throw .system(.last("connect", path)) }
    } catch {
      throw .socket(error)
    }
    throw .notListening(path: path)
  }

  /// Sends one line and waits for the next one that comes. Throws when the connection ends or the
  /// deadline passes first.
  package func request(_ line: [UInt8], until deadline: MonotonicTime) throws(Failure) -> [UInt8] {
    try send(line, until: deadline)
    return try readLine(until: deadline)
  }

  /// Sends one line; the newline is added. Throws when the connection ends or the deadline passes
  /// first.
  package func send(_ line: [UInt8], until deadline: MonotonicTime) throws(Failure) {
    var rest = (line + [UInt8(ascii: "\n")])[...]
    while !rest.isEmpty {
      let count = retryingInterrupts {
        unsafe rest.withUnsafeBytes { buffer in
          unsafe Glibc.send(
            descriptor.number, buffer.baseAddress, buffer.count, CInt(MSG_NOSIGNAL))
        }
      }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        try wait(for: CInt(POLLOUT), until: deadline)
      } else if errno == EPIPE || errno == ECONNRESET {
        throw .closed
      } else {
        throw .socket(.system(.last("send")))
      }
    }
  }

  /// The next line; nil as a deadline waits for ever. Throws when the connection ends or the
  /// deadline passes first.
  package func readLine(until deadline: MonotonicTime?) throws(Failure) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      switch lines.next() {
      case .line(let line): return line
      case .tooLong: throw .tooLong
      // Whoever listens there is no daemon of ours.
      case .foreign: throw .closed
      case nil: break
      }
      try wait(for: CInt(POLLIN), until: deadline)
      let count = retryingInterrupts {
        unsafe read(descriptor.number, &buffer, buffer.count)
      }
      if count > 0 {
        lines.append(buffer[..<count])
      } else if count == 0 || errno == ECONNRESET {
        throw .closed
      } else if errno != EAGAIN {
        throw .socket(.system(.last("read")))
      }
    }
  }

  private func wait(for event: CInt, until deadline: MonotonicTime?) throws(Failure) {
    var question = pollfd(fd: descriptor.number, events: Int16(event), revents: 0)
    while true {
      var milliseconds: CInt = -1
      if let deadline {
        let left = deadline.since(Clock.monotonic())
        // Rounded up, so that the wait never ends before its time.
        let wanted = left > .zero ? left.wholeMilliseconds + 1 : 0
        milliseconds = CInt(clamping: wanted)
      }
      let count = unsafe poll(&question, 1, milliseconds)
      if count > 0 { return }
      if count == 0 { throw .timedOut }
      if errno != EINTR { throw .socket(.system(.last("poll"))) }
    }
  }
}

extension UnixClient.Failure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notListening(let path): "nobody listens on \(path); is the daemon running?"
    case .timedOut: "no answer in time; what became of the request is not known"
    case .closed: "the connection was closed before the answer came"
    case .tooLong: "the answer is longer than \(UnixClient.maximumLineBytes) bytes"
    case .socket(let error): error.description
    }
  }
}
