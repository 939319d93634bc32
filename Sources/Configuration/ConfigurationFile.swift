import Glibc
import Platform

/// A configuration, and where its keys stand in the file.
package struct ConfigurationFile: Equatable, Sendable {
  package let path: String
  package let configuration: Configuration
  let lines: KeyLines

  /// A fault of a key.
  package func violation(_ key: String, text: String, mayPass: Bool = false) -> Violation {
    Violation(file: path, line: lines.first(of: [key]), key: key, text: text, mayPass: mayPass)
  }

  /// A fault between keys.
  package func violation(_ conflict: Configuration.Conflict) -> Violation {
    Violation(
      file: path, line: lines.first(of: conflict.keys), key: conflict.keys[0], text: conflict.text)
  }
}

/// Where each name of the text stood first: sections and keys by their full names.
struct KeyLines: Equatable {
  private var lines: [String: Int] = [:]

  subscript(name: String) -> Int? {
    get { lines[name] }
    set { lines[name] = newValue }
  }

  var names: Set<String> { Set(lines.keys) }

  /// The line to show for a fault that lies between keys, some of which may not be written.
  func first(of keys: [String]) -> Int {
    let sections = keys.compactMap { $0.split(separator: ".").first.map(String.init) }
    return (keys + sections).lazy.compactMap { lines[$0] }.first ?? 1
  }
}

extension Configuration {
  /// Where the packages put the file. The operator's tool looks there; the daemon is told.
  package static let standardPath = "/etc/mexc-signald/config.json5"

  /// Reads and checks a file. One that is read again must be a regular file: a pipe that nobody writes to
  /// would stop a program that has other work.
  package static func load(
    _ path: String, again: Bool = false
  ) -> Result<Configuration, InvalidConfiguration> {
    ConfigurationFile.load(path, again: again).map(\.configuration)
  }

  /// Reads and checks the text of a file.
  package static func read(
    _ bytes: [UInt8], file: String
  ) -> Result<Configuration, InvalidConfiguration> {
    ConfigurationFile.read(bytes, file: file).map(\.configuration)
  }
}

extension ConfigurationFile {
  /// A file that a person writes stays far below; it bounds what a wrong path costs.
  private static let maximumBytes = 1_048_576

  /// Reads and checks a file.
  package static func load(
    _ path: String, again: Bool = false
  ) -> Result<ConfigurationFile, InvalidConfiguration> {
    do throws(SystemError) {
      let file = try open(path, waitsForWriter: !again)
      if again, FileStatus.of(file.number)?.kind != .regular {
        return .failure(unreadable(path, "no regular file; name one to read it again"))
      }
      let bytes = try contents(of: file, path)
      guard bytes.count <= maximumBytes else {
        return .failure(
          unreadable(path, "larger than \(maximumBytes) bytes; name the configuration file"))
      }
      return read(bytes, file: path)
    } catch {
      let reason = unsafe String(cString: strerror(error.number))
      if error.mayPass(at: path) {
        return .failure(unreadable(path, "cannot be read now (\(reason))", mayPass: true))
      }
      return .failure(unreadable(path, "cannot be read (\(reason)); name a readable file"))
    }
  }

  private static func unreadable(
    _ path: String, _ text: String, mayPass: Bool = false
  ) -> InvalidConfiguration {
    InvalidConfiguration(violations: [
      Violation(file: path, line: nil, key: nil, text: text, mayPass: mayPass)
    ])
  }

  private static func open(
    _ path: String, waitsForWriter: Bool
  ) throws(SystemError) -> FileDescriptor {
    let opened = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | (waitsForWriter ? 0 : O_NONBLOCK))
    guard opened >= 0 else { throw SystemError.last("open", path) }
    return FileDescriptor(owning: opened)
  }

  /// Up to one byte more than is allowed, which then shows that the file is too large.
  private static func contents(
    of file: borrowing FileDescriptor, _ path: String
  ) throws(SystemError) -> [UInt8] {
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
