import CLinux
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

  /// What is done once when the other side is waited for longer than until `time`.
  package struct Notice {
    fileprivate let time: MonotonicTime
    fileprivate let give: () -> Void

    package init(at time: MonotonicTime, _ give: @escaping () -> Void) {
      self.time = time
      self.give = give
    }
  }

  private let descriptor: FileDescriptor
  private var notice: Notice?
  private var lines = LineBuffer(maximumLineBytes: UnixClient.maximumLineBytes)

  /// Connects to the socket at `path`. Where as many wait as its queue holds, a place is waited for until
  /// the deadline; without one it is not. Throws when nobody listens there, this process may not, or the
  /// deadline passes first.
  package init(
    path: String, until deadline: MonotonicTime? = nil, notice: Notice? = nil
  ) throws(Failure) {
    let address: [UInt8]
    do throws(UnixSocketError) {
      address = try UnixSocket.address(of: path)
      descriptor = FileDescriptor(owning: try UnixSocket.make(CInt(SOCK_NONBLOCK.rawValue)))
    } catch {
      throw .socket(error)
    }
    self.notice = notice
    var failure = UnixSocket.connect(descriptor.number, to: address) == 0 ? 0 : errno
    if failure == EAGAIN, let deadline { failure = try queue(at: address, until: deadline) }
    if failure == ENOENT || failure == ECONNREFUSED { throw .notListening(path: path) }
    if failure != 0 { throw .socket(.system(SystemError("connect", path, number: failure))) }
  }

  /// Connects as soon as the queue has a place: only a connect that blocks is told of one, for as long as
  /// the time-out for sending (unix(7), socket(7)). Returns the error's number, or 0. Throws when the
  /// deadline passes first.
  private func queue(at address: [UInt8], until deadline: MonotonicTime) throws(Failure) -> CInt {
    let flags = fcntl(descriptor.number, F_GETFL)
    guard flags >= 0, fcntl(descriptor.number, F_SETFL, flags & ~O_NONBLOCK) == 0 else {
      return errno
    }
    while true {
      let left = nextWait(until: deadline) ?? .zero
      if isOver(deadline) { throw .timedOut }
      // A time-out of zero is none.
      let milliseconds = Int(max(left, .zero).wholeMilliseconds) + 1
      var time = timeval(
        tv_sec: milliseconds / 1_000, tv_usec: milliseconds % 1_000 * 1_000)
      let size = socklen_t(MemoryLayout<timeval>.size)
      guard unsafe setsockopt(descriptor.number, SOL_SOCKET, SO_SNDTIMEO, &time, size) == 0
      else { return errno }
      if UnixSocket.connect(descriptor.number, to: address) == 0 { break }
      if errno != EAGAIN { return errno }
    }
    return fcntl(descriptor.number, F_SETFL, flags) == 0 ? 0 : errno
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
      if let left = nextWait(until: deadline) {
        // Rounded up, so that the wait never ends before its time.
        let wanted = left > .zero ? left.wholeMilliseconds + 1 : 0
        milliseconds = CInt(clamping: wanted)
      }
      let count = unsafe poll(&question, 1, milliseconds)
      if count > 0 { return }
      if count == 0 {
        if let deadline, isOver(deadline) { throw .timedOut }
      } else if errno != EINTR {
        throw .socket(.system(.last("poll")))
      }
    }
  }

  /// Gives the notice when it is due, and returns how long to wait at most; nil is for ever.
  private func nextWait(until deadline: MonotonicTime?) -> Duration? {
    let now = Clock.monotonic()
    if let notice, notice.time <= now {
      self.notice = nil
      notice.give()
    }
    return [notice?.time, deadline].compactMap { $0?.since(now) }.min()
  }

  private func isOver(_ deadline: MonotonicTime) -> Bool { deadline <= Clock.monotonic() }
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
