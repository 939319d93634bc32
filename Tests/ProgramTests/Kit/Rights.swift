import Foundation
import Glibc
import TestKit

/// A daemon that may read what its user and group may read, as in service, whoever runs the tests.
extension DaemonUnderTest {
  /// Root's right to read everything, and to ask who has anybody's file open, is given up.
  func giveUpRights() {
    guard geteuid() == 0 else { return }
    launcher = ["/usr/bin/setpriv", "--bounding-set=-dac_override,-dac_read_search,-lease"]
  }

  /// Some user's id that is not the daemon's.
  static let stranger: UInt32 = 64_123

  /// Makes a file one that such a daemon may not read: another user's where this process may give
  /// files away, else one that its own user may not read either. Answers with its mode.
  @discardableResult
  func makeUnreadable(_ path: String) throws -> String {
    let isGivenAway = geteuid() == 0
    if isGivenAway {
      guard unsafe chown(path, Self.stranger, Self.stranger) == 0 else {
        throw Unusable("chown \(path): errno \(errno)")
      }
    }
    try setMode(path, isGivenAway ? 0o600 : 0o200)
    return isGivenAway ? "0600" : "0200"
  }

  func setMode(_ path: String, _ mode: mode_t) throws {
    guard unsafe chmod(path, mode) == 0 else { throw Unusable("chmod \(path): errno \(errno)") }
  }
}

/// A file that a producer holds open for writing.
final class OpenFile {
  private let number: CInt
  private var isOpen = true

  init(_ path: String, _ flags: CInt = O_CREAT | O_EXCL) throws {
    number = unsafe open(path, O_WRONLY | O_CLOEXEC | flags, 0o644)
    guard number >= 0 else { throw Unusable("open \(path): errno \(errno)") }
  }

  deinit { close() }

  func write(_ text: some StringProtocol) throws {
    let bytes = Array(text.utf8)
    guard unsafe Glibc.write(number, bytes, bytes.count) == bytes.count else {
      throw Unusable("write: errno \(errno)")
    }
  }

  func giveAway(to user: UInt32) throws {
    guard fchown(number, user, user) == 0 else { throw Unusable("fchown: errno \(errno)") }
  }

  func close() {
    if isOpen { Glibc.close(number) }
    isOpen = false
  }
}
