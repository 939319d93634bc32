import Domain
import Glibc

/// One client of a `LineServer`: its bytes in, its bytes out, and what it is owed.
final class LineConnection {
  enum ReadResult {
    case bytes
    case nothing
    case end
  }

  /// One read takes at most this much, so that a talkative client does not hold the loop.
  static let readBytes = 16 * 1024

  let peer: PeerCredentials
  var lines: LineBuffer
  /// Lines handed over that have no answer yet.
  var unanswered = 0
  /// When it was last heard or answered.
  var idleSince: MonotonicTime
  /// Since when it has sent a part of a line, and not its end.
  private var partSince: MonotonicTime?
  /// When the last bytes came. Nothing more is read before their whole lines are handed over.
  var lastRead: MonotonicTime?
  /// The client has sent its last byte.
  var hasEnded = false
  /// Whole lines may wait in the buffer for a later turn.
  var hasWaitingLines = false
  /// The server sends what is queued and then closes.
  var isFinishing = false
  /// Everything is sent; what the client still sends is read and dropped. A socket that is closed with
  /// unread bytes breaks the client's connection under its hands (unix(7) hands it ECONNRESET, or
  /// EPIPE while it writes).
  private(set) var isDraining = false
  private var drained = 0
  /// The client takes no answer any more. What it has sent is judged all the same.
  private var takesNoAnswer = false
  /// What the loop watches it for; nothing means that the loop does not know it.
  var interest: EventLoop.Interest = []

  private let descriptor: FileDescriptor
  private var queue: [UInt8] = []
  private var sent = 0

  init(
    owning descriptor: consuming FileDescriptor, peer: PeerCredentials, maximumLineBytes: Int,
    now: MonotonicTime
  ) {
    self.descriptor = descriptor
    self.peer = peer
    idleSince = now
    lines = LineBuffer(maximumLineBytes: maximumLineBytes)
  }

  var number: CInt { descriptor.number }
  var queuedBytes: Int { queue.count - sent }
  /// What it holds its place for.
  var need: LinePlaces.Need {
    if unanswered > 0 || queuedBytes > 0 || hasWaitingLines || hasEnded || isFinishing {
      return .answers
    }
    return partSince.map(LinePlaces.Need.restOfLine(since:)) ?? .nothing
  }

  /// The next whole line; `nil` when more bytes are needed.
  func nextLine(at now: MonotonicTime) -> LineInput? {
    if let input = lines.next() {
      partSince = nil
      return input
    }
    hasWaitingLines = false
    partSince = lines.holdsPart ? partSince ?? now : nil
    return nil
  }

  func read() -> ReadResult {
    var buffer = [UInt8](repeating: 0, count: Self.readBytes)
    let number = number
    let count = retryingInterrupts { unsafe Glibc.read(number, &buffer, buffer.count) }
    if count > 0 {
      lines.append(buffer[..<count])
      return .bytes
    }
    // One that closes with an unread answer breaks the connection (unix(7)): no end is more of an end.
    return count < 0 && errno == EAGAIN ? .nothing : .end
  }

  /// Tells the client that nothing more comes.
  func beginDraining() {
    isDraining = true
    shutdown(number, CInt(SHUT_WR))
  }

  /// Reads and drops; false when the client has ended, or has sent more than anybody waits for.
  func drain(atMost maximum: Int) -> Bool {
    var buffer = [UInt8](repeating: 0, count: Self.readBytes)
    let number = number
    let count = retryingInterrupts { unsafe Glibc.read(number, &buffer, buffer.count) }
    if count > 0 { drained += count }
    return count > 0 ? drained <= maximum : count < 0 && errno == EAGAIN
  }

  func enqueue(_ bytes: [UInt8]) {
    if takesNoAnswer { return }
    queue.append(contentsOf: bytes)
    queue.append(UInt8(ascii: "\n"))
  }

  /// Sends what the socket takes now.
  func flush() {
    while sent < queue.count {
      let count = retryingInterrupts {
        unsafe queue[sent...].withUnsafeBytes { buffer in
          unsafe send(
            descriptor.number, buffer.baseAddress, buffer.count,
            CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
        }
      }
      if count < 0 {
        if errno == EAGAIN { queue.removeSubrange(..<sent) } else { stopAnswering() }
        sent = 0
        return
      }
      sent += count
    }
    queue.removeAll(keepingCapacity: queue.capacity <= Self.readBytes)
    sent = 0
  }

  /// A client that is still there must not wait for what does not come.
  private func stopAnswering() {
    takesNoAnswer = true
    queue = []
    shutdown(number, CInt(SHUT_WR))
  }
}
