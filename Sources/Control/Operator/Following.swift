import Domain
import Glibc
import Platform
import Store

/// Waits between the looks of a command that goes on until it is interrupted.
final class Following {
  private static let pause = Duration.milliseconds(250)

  private let loop: EventLoop
  private var watch: PosixSignalWatch?
  private var isInterrupted = false
  /// Nobody would see what a full disk does not take.
  var isStopped: Bool { isInterrupted || OutputLine.hasRefused }
  /// What the last look failed for; nil after one that did not.
  private var trouble: String?

  /// Throws when the system has no descriptor left.
  init() throws(CommandFailure) {
    do throws(SystemError) {
      loop = try EventLoop()
      watch = try PosixSignalWatch(loop: loop) { [unowned self] _ in isInterrupted = true }
    } catch {
      throw .control(ControlFailure(code: .unreachable, message: error.description))
    }
    // A reader that goes, such as head(1), ends it.
    signal(SIGPIPE, SIG_DFL)
  }

  deinit {
    watch?.close()
  }

  /// A look at the database; nil when it failed for what may pass, which is said once: a start under
  /// way, a database that is being replaced. Throws what will not pass.
  func look<Value>(
    _ terminal: OperatorTerminal, _ body: () throws(StoreError) -> Value
  ) throws(CommandFailure) -> Value? {
    do throws(StoreError) {
      let value = try body()
      trouble = nil
      return value
    } catch {
      switch error {
      case .corrupt, .newerSchema, .misuse:
        throw .control(ControlFailure(error))
      case .heldByAnotherDaemon, .readOnly, .full, .moved, .ioFailure, .unusablePath:
        guard trouble != error.description else { return nil }
        trouble = error.description
        terminal.complaints("mexc-signalctl: waiting: \(ByteText.printable(error.description))")
        return nil
      }
    }
  }

  /// Said when another database has taken the place of the one that is followed.
  static func otherDatabase(_ path: String, _ row: Int64) -> String {
    "mexc-signalctl: another database stands at \(ByteText.printable(path)); events after its row "
      + "\(row) follow"
  }

  /// Until the next look is due, or at once when more is there already.
  func pass(hasMore: Bool) throws(CommandFailure) {
    let end = Clock.monotonic().advanced(by: hasMore ? .zero : Self.pause)
    do throws(SystemError) {
      repeat { try loop.turn(until: end) } while !isStopped && Clock.monotonic() < end
    } catch {
      throw .control(ControlFailure(code: .unreachable, message: error.description))
    }
  }
}
