import CLinux
import Glibc

/// The descriptors that one epoll(7) instance watches, and who handles each. Level-triggered.
///
/// It belongs to its loop's thread.
final class DescriptorSet {
  private struct Registration {
    let fd: CInt
    let handler: (EventLoop.Readiness) -> Void
  }

  private let epoll: FileDescriptor
  private var registrations: [UInt64: Registration] = [:]
  private var tokens: [CInt: UInt64] = [:]
  private var nextToken: UInt64 = 1
  private var events = [clinux_event](repeating: clinux_event(), count: eventsPerWait)

  /// Enough that one wait collects a burst; more waiting events are seen by the next one.
  private static let eventsPerWait = 128

  /// Throws when the kernel has no descriptor or memory left.
  init() throws(SystemError) {
    let number = epoll_create1(CInt(EPOLL_CLOEXEC))
    guard number >= 0 else { throw SystemError.last("epoll_create1") }
    epoll = FileDescriptor(owning: number)
  }

  /// Readable while one of the set is ready: a set can be watched by another one.
  var descriptor: CInt { epoll.number }

  var isEmpty: Bool { tokens.isEmpty }

  func contains(_ fd: CInt) -> Bool { tokens[fd] != nil }

  func add(
    _ fd: CInt, _ interest: EventLoop.Interest,
    _ handler: @escaping (EventLoop.Readiness) -> Void
  ) throws(SystemError) {
    invariant(tokens[fd] == nil, "descriptor \(fd) was closed before it was deregistered")
    let token = nextToken
    nextToken += 1
    guard clinux_epoll_control(epoll.number, EPOLL_CTL_ADD, fd, interest.rawValue, token) == 0
    else { throw SystemError.last("epoll_ctl") }
    registrations[token] = Registration(fd: fd, handler: handler)
    tokens[fd] = token
  }

  func change(_ fd: CInt, to interest: EventLoop.Interest) {
    guard let token = tokens[fd] else { return }
    let result = clinux_epoll_control(
      epoll.number, EPOLL_CTL_MOD, fd, interest.rawValue, token)
    invariant(result == 0, "a registered descriptor is known to epoll")
  }

  func remove(_ fd: CInt) {
    guard let token = tokens.removeValue(forKey: fd) else { return }
    registrations[token] = nil
    _ = clinux_epoll_control(epoll.number, EPOLL_CTL_DEL, fd, 0, 0)
  }

  /// Waits that many nanoseconds for events, for ever when that is negative. How many are there for
  /// `handle`; −1 with `errno` when it fails, EINTR among the reasons.
  func wait(_ nanoseconds: Int64) -> CInt {
    unsafe events.withUnsafeMutableBufferPointer { buffer in
      unsafe clinux_epoll_wait(
        epoll.number, buffer.baseAddress, CInt(buffer.count), nanoseconds)
    }
  }

  func handle(_ count: CInt) {
    for index in 0..<max(0, Int(count)) {
      let event = events[index]
      // A handler earlier in this turn may have deregistered this one.
      guard let registration = registrations[event.token] else { continue }
      registration.handler(Self.readiness(event.events))
    }
  }

  private static func readiness(_ bits: UInt32) -> EventLoop.Readiness {
    let broken = bits & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
    return EventLoop.Readiness(
      readable: broken || bits & EPOLLIN.rawValue != 0,
      writable: broken || bits & EPOLLOUT.rawValue != 0)
  }
}
