import Glibc
import Platform

extension Configuration {
  /// Where the packages put the file.
  package static let standardPath = "/etc/mexc-signald/config.json5"

  /// A file that a person writes stays far below; it bounds what a wrong path costs.
  private static let maximumBytes = 1_048_576

  /// Reads and checks a file.
  package static func load(_ path: String) -> Result<Configuration, InvalidConfiguration> {
    do throws(SystemError) {
      let bytes = try contents(of: path)
      guard bytes.count <= maximumBytes else {
        return .failure(
          unreadable(path, "larger than \(maximumBytes) bytes; name the configuration file"))
      }
      return read(bytes, file: path)
    } catch {
      let reason = unsafe String(cString: strerror(error.number))
      return .failure(unreadable(path, "cannot be read (\(reason)); name a readable file"))
    }
  }

  private static func unreadable(_ path: String, _ text: String) -> InvalidConfiguration {
    InvalidConfiguration(violations: [Violation(file: path, line: nil, key: nil, text: text)])
  }

  /// Up to one byte more than is allowed, which then shows that the file is too large.
  private static func contents(of path: String) throws(SystemError) -> [UInt8] {
    let opened = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else { throw SystemError.last("open", path) }
    let file = FileDescriptor(owning: opened)
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= maximumBytes {
      let count = retryingInterrupts {
        unsafe block.withUnsafeMutableBytes { buffer in
          unsafe Glibc.read(file.number, buffer.baseAddress, buffer.count)
        }
      }
      guard count >= 0 else { throw SystemError.last("read", path) }
      if count == 0 { break }
      bytes.append(contentsOf: block.prefix(count))
    }
    return bytes
  }
}
