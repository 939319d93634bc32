import CLinux
import Glibc

/// What a POSIX signal asks of the process.
package enum ProcessRequest: Hashable, Sendable {
  /// SIGTERM or SIGINT.
  case stop
  /// SIGHUP.
  case reload
}

/// Receives POSIX signals through the loop (signalfd(2)). Trade signals are another thing.
package final class PosixSignalWatch {
  private let loop: EventLoop
  private let descriptor: FileDescriptor
  private var isClosed = false

  /// Blocks the signals in the calling thread and ignores SIGPIPE. Call it before any other thread
  /// is made: threads inherit the mask, and one without it would be ended by the signal. Throws
  /// when the signals cannot be blocked or watched.
  package init(
    loop: EventLoop, onRequest: @escaping (ProcessRequest) -> Void
  ) throws(SystemError) {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for number in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&signals, number) }
    let result = unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    guard result == 0 else { throw SystemError("pthread_sigmask", number: result) }
    // A peer that closes its socket is an error of the write, not the end of the program.
    signal(SIGPIPE, SIG_IGN)
    let number = unsafe signalfd(-1, &signals, CInt(SFD_CLOEXEC | SFD_NONBLOCK))
    guard number >= 0 else { throw SystemError.last("signalfd") }
    descriptor = FileDescriptor(owning: number)
    self.loop = loop
    try loop.register(number, .read) { _ in
      while let request = Self.next(from: number) { onRequest(request) }
    }
  }

  deinit { close() }

  package func close() {
    guard !isClosed else { return }
    isClosed = true
    loop.deregister(descriptor.number)
  }

  private static func next(from descriptor: CInt) -> ProcessRequest? {
    var info = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    guard retryingInterrupts({ unsafe read(descriptor, &info, size) }) == size else { return nil }
    return CInt(info.ssi_signo) == SIGHUP ? .reload : .stop
  }
}
