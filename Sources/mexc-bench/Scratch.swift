import Glibc
import Platform

/// A directory of our own that is gone when its owner is, in the parent that the command line gives:
/// what is measured depends on the disk.
final class Scratch {
  let path: String

  init(in parent: String) throws {
    path = try Directory.makeUnique("\(parent)/mexc-bench.")
  }

  deinit { Self.remove(path) }

  /// Without following links. What cannot be removed stays; nothing depends on it.
  private static func remove(_ path: String) {
    if let directory = try? Directory(path: path), let names = try? directory.names() {
      for name in names {
        if directory.status(of: name)?.kind == .directory {
          remove("\(path)/\(String(decoding: name, as: UTF8.self))")
        } else {
          try? directory.remove(name)
        }
      }
    }
    _ = unsafe rmdir(path)
  }
}

/// A small file of ours, or of the kernel, as text.
enum TextFile {
  private static let pieceBytes = 64 * 1_024

  static func read(_ path: String) throws -> String {
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { throw SystemError.last("open", path) }
    let file = FileDescriptor(owning: number)
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: pieceBytes)
    while true {
      let count = retryingInterrupts { unsafe Glibc.read(file.number, &piece, piece.count) }
      guard count >= 0 else { throw SystemError.last("read", path) }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += piece[..<count]
    }
  }
}
