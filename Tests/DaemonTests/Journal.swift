import Glibc
import Platform
import TestKit
import Testing

/// A file that takes the lines of a logger.
final class Journal {
  private let scratch: Scratch
  private let file: FileDescriptor
  var number: CInt { file.number }

  init() throws {
    scratch = try Scratch()
    let path = try scratch.write("journal", "")
    file = FileDescriptor(owning: unsafe open(path, O_WRONLY | O_APPEND | O_CLOEXEC))
  }

  func lines(of logger: Logger) throws -> Int {
    logger.flush()
    return try #require(scratch.files().first).content.count { $0 == UInt8(ascii: "\n") }
  }
}
