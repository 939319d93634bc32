import Domain
import Glibc
import Platform

/// Waits between the looks of a command that goes on until it is interrupted.
final class Following {
  private static let pause = Duration.milliseconds(250)

  private let loop: EventLoop
  private var watch: PosixSignalWatch?
  private(set) var isStopped = false

  /// Throws when the system has no descriptor left.
  init() throws(CommandFailure) {
    do throws(SystemError) {
      loop = try EventLoop()
      watch = try PosixSignalWatch(loop: loop) { [unowned self] _ in isStopped = true }
    } catch {
      throw .control(ControlFailure(code: .unreachable, message: error.description))
    }
    // A reader that goes, such as head(1), ends it.
    signal(SIGPIPE, SIG_DFL)
  }

  deinit {
    watch?.close()
  }

  /// Until the next look is due, or at once when more is there already.
  func pass(hasMore: Bool = false) throws(CommandFailure) {
    let end = Clock.monotonic().advanced(by: hasMore ? .zero : Self.pause)
    do throws(SystemError) {
      repeat { try loop.turn(until: end) } while !isStopped && Clock.monotonic() < end
    } catch {
      throw .control(ControlFailure(code: .unreachable, message: error.description))
    }
  }
}
