import CLinux
import Glibc

/// Lines with secrets in them: typed at a terminal, which does not show them, or from a pipe or file.
///
/// A terminal is set back by `close`, at the latest by `deinit`, and before a signal of the terminal
/// or of kill(1) ends the program.
package final class SecretInput {
  package enum Failure: Error, Hashable, Sendable {
    /// A signal came; it did not end the program.
    case interrupted
    case tooLong
    case system(SystemError)
  }

  /// More than a terminal takes as one line (termios(3), canonical mode).
  private static let maximumLineBytes = 4_096
  private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

  package let isTerminal: Bool
  private let descriptor: CInt
  private let prompt: (String) -> Void
  /// Never grows: an array that does leaves a copy behind.
  private var buffer: [UInt8]
  private var filled = 0
  private var shown: termios?
  private var formerMask = sigset_t()
  private var signalDescriptor: CInt = -1

  /// Reads from `descriptor`, which stays open. `prompt` shows a text on the terminal. Throws when
  /// the terminal cannot be told not to show what is typed.
  package init(
    _ descriptor: CInt, prompt: @escaping (String) -> Void
  ) throws(Failure) {
    self.descriptor = descriptor
    self.prompt = prompt
    isTerminal = isatty(descriptor) == 1
    buffer = [UInt8](repeating: 0, count: Self.maximumLineBytes)
    if isTerminal { try hide() }
  }

  deinit { close() }

  /// The next line, without its end; `nil` when there is none. Throws when it cannot be read.
  package func line(_ text: String) throws(Failure) -> Secret? {
    if isTerminal { prompt(text) }
    while true {
      if let end = buffer[..<filled].firstIndex(of: UInt8(ascii: "\n")) {
        return take(end, andBehind: 1)
      }
      guard filled < buffer.count else { throw .tooLong }
      if isTerminal { try awaitInput() }
      let count = retryingInterrupts {
        unsafe buffer.withUnsafeMutableBytes { [filled] buffer in
          unsafe read(
            descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
        }
      }
      guard count >= 0 else { throw .system(SystemError.last("read", "standard input")) }
      if count == 0 { return filled == 0 ? nil : take(filled, andBehind: 0) }
      filled += count
    }
  }

  /// The first bytes of the buffer, which are then gone from it. A file of another system ends its
  /// lines with two characters.
  private func take(_ count: Int, andBehind rest: Int) -> Secret {
    let end = count > 0 && buffer[count - 1] == UInt8(ascii: "\r") ? count - 1 : count
    let secret = Secret(copying: buffer.span.extracting(0..<end))
    let used = count + rest
    for index in 0..<(filled - used) { buffer[index] = buffer[index + used] }
    for index in (filled - used)..<filled { buffer[index] = 0 }
    filled -= used
    return secret
  }

  /// Sets the terminal back and forgets what was read.
  package func close() {
    Secret.erase(&buffer)
    filled = 0
    guard var attributes = shown else { return }
    shown = nil
    unsafe tcsetattr(descriptor, TCSADRAIN, &attributes)
    if signalDescriptor >= 0 { Glibc.close(signalDescriptor) }
    unsafe pthread_sigmask(SIG_SETMASK, &formerMask, nil)
  }

  // MARK: The terminal

  private func hide() throws(Failure) {
    var attributes = termios()
    guard unsafe tcgetattr(descriptor, &attributes) == 0 else {
      throw .system(SystemError.last("tcgetattr", "the terminal"))
    }
    var blocked = sigset_t()
    unsafe sigemptyset(&blocked)
    // A stop would leave the terminal as it is here to the shell: it waits for the end.
    for number in Self.signals + [SIGTSTP] { unsafe sigaddset(&blocked, number) }
    unsafe pthread_sigmask(SIG_BLOCK, &blocked, &formerMask)
    shown = attributes
    unsafe sigdelset(&blocked, SIGTSTP)
    signalDescriptor = unsafe signalfd(-1, &blocked, CInt(SFD_CLOEXEC | SFD_NONBLOCK))
    attributes.c_lflag &= ~tcflag_t(ECHO)
    attributes.c_lflag |= tcflag_t(ECHONL)
    // What was typed ahead is kept: a program at the other end may not wait for the prompt.
    guard unsafe tcsetattr(descriptor, TCSADRAIN, &attributes) == 0 else {
      let failure = SystemError.last("tcsetattr", "the terminal")
      close()
      throw .system(failure)
    }
  }

  /// Waits for a line or a signal. A signal does what it does to any program, after the terminal is
  /// set back.
  private func awaitInput() throws(Failure) {
    var questions = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: signalDescriptor, events: Int16(POLLIN), revents: 0),
    ]
    _ = retryingInterrupts { unsafe poll(&questions, nfds_t(questions.count), -1) }
    guard questions[1].revents != 0 else { return }
    var info = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    guard unsafe read(signalDescriptor, &info, size) == size else { return }
    prompt("\n")
    close()
    // Swift's runtime takes SIGQUIT for a crash and would print where it was.
    signal(CInt(info.ssi_signo), SIG_DFL)
    raise(CInt(info.ssi_signo))
    throw .interrupted
  }
}

extension SecretInput.Failure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .interrupted: "interrupted"
    case .tooLong: "the line is too long"
    case .system(let error): error.description
    }
  }
}
