import Glibc
import TestKit

/// A terminal that a program sits at, and the test in place of the person.
final class PseudoTerminal {
  /// Where the person types and reads.
  private let person: CInt
  /// What the program has.
  let program: CInt

  /// TIOCSPTLCK and TIOCGPTN of ioctl_tty(2), on the architectures that Swift runs on.
  private static let lock: UInt = 0x4004_5431
  private static let number: UInt = 0x8004_5430

  init() throws {
    person = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var isLocked: CInt = 0
    var number: CInt = 0
    guard person >= 0, unsafe ioctl(person, Self.lock, &isLocked) == 0,
      unsafe ioctl(person, Self.number, &number) == 0
    else { throw Unusable("/dev/ptmx: errno \(errno)") }
    program = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard program >= 0 else { throw Unusable("open of a terminal: errno \(errno)") }
  }

  deinit {
    close(program)
    close(person)
  }

  /// Whether it shows what is typed.
  var echoes: Bool {
    get throws {
      var attributes = termios()
      guard unsafe tcgetattr(program, &attributes) == 0 else {
        throw Unusable("tcgetattr: errno \(errno)")
      }
      return attributes.c_lflag & tcflag_t(ECHO) != 0
    }
  }

  func type(_ text: String) throws {
    let bytes = Array(text.utf8)
    guard unsafe write(person, bytes, bytes.count) == bytes.count else {
      throw Unusable("write: errno \(errno)")
    }
  }

  /// Everything that it has shown.
  func screen() -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      var question = pollfd(fd: person, events: Int16(POLLIN), revents: 0)
      guard unsafe poll(&question, 1, 0) == 1 else { break }
      let count = unsafe read(person, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
