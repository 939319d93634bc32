package import Foundation
import Glibc
import Platform

/// A folder of one test's own, gone with it. It is made in /tmp and not where TMPDIR says, because its
/// path must be short: a socket's may have 107 bytes.
package final class Scratch {
  package let path: String

  package init() throws {
    path = try Directory.makeUnique("/tmp/signald-")
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a name in it.
  package func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// Makes or replaces a file; its path.
  @discardableResult
  package func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
    let path = self(name)
    // With its mode from the start: a watched folder tells a later change as an event of its own.
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
    let number = unsafe open(path, flags, mode)
    guard number >= 0 else { throw Unusable("open \(path): errno \(errno)") }
    let file = FileDescriptor(owning: number)
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { buffer in
        unsafe Glibc.write(file.number, buffer.baseAddress, buffer.count)
      }
      guard count > 0 else { throw Unusable("write \(path): errno \(errno)") }
      rest = rest.dropFirst(count)
    }
    var status = stat()
    guard unsafe fstat(file.number, &status) == 0 else { throw Unusable("fstat: errno \(errno)") }
    if status.st_mode & 0o7777 != mode { try check(fchmod(file.number, mode), "fchmod \(path)") }
    return path
  }

  /// Every file below, with its content.
  package func files() throws -> [(path: String, content: Data)] {
    let manager = FileManager.default
    return try manager.subpathsOfDirectory(atPath: path).sorted().compactMap { name in
      let attributes = try? manager.attributesOfItem(atPath: self(name))
      guard attributes?[.type] as? FileAttributeType == .typeRegular,
        let content = manager.contents(atPath: self(name))
      else { return nil }
      return (self(name), content)
    }
  }
}

// MARK: - What a folder may hold, and what others may do to it

extension Scratch {
  package func folder(_ name: String) throws { try check(unsafe mkdir(self(name), 0o700), "mkdir") }

  package func fifo(_ name: String) throws { try check(unsafe mkfifo(self(name), 0o600), "mkfifo") }

  package func symbolicLink(_ name: String, to target: String) throws {
    try check(unsafe symlink(target, self(name)), "symlink")
  }

  package func hardLink(_ name: String, to target: String) throws {
    try check(unsafe link(self(target), self(name)), "link")
  }

  package func move(_ name: String, _ newName: String) throws {
    try check(unsafe rename(self(name), self(newName)), "rename")
  }

  package func remove(_ name: String) throws {
    try check(unsafe Glibc.remove(self(name)), "remove")
  }

  package func setMode(_ name: String, _ mode: mode_t) throws {
    try check(unsafe chmod(self(name), mode), "chmod")
  }

  /// Seconds since 1970, as a program that keeps a file's time sets it.
  package func setModified(_ name: String, to seconds: Int) throws {
    let time = timespec(tv_sec: seconds, tv_nsec: 0)
    try check(unsafe utimensat(AT_FDCWD, self(name), [time, time], 0), "utimensat")
  }

  package func setSize(_ name: String, _ size: Int) throws {
    try check(unsafe truncate(self(name), size), "truncate")
  }

  private func check(_ result: CInt, _ call: String) throws {
    if result != 0 { throw Unusable("\(call): errno \(errno)") }
  }
}
