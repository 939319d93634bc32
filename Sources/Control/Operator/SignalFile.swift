import Glibc
import Platform

/// A file with one signal.
enum SignalFile {
  /// Sixteen times the longest signal that can be configured: what is larger is a wrong file, and
  /// what is not goes to the daemon.
  static let maximumBytes = 16 * 1024 * 1024

  /// The file's bytes as they are. Throws when it cannot be read, or is no signal by its size.
  static func text(
    path: String, standardInput: CInt
  ) throws(ControlFailure) -> [UInt8] {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = path == "-" ? try read(standardInput, path) : try read(path)
    } catch {
      let reason = unsafe String(cString: strerror(error.number))
      throw ControlFailure(
        code: .unreachable, message: "cannot read \(ByteText.printable(path)): \(reason)")
    }
    guard bytes.count <= maximumBytes else {
      throw ControlFailure(
        code: .refused,
        message:
          "\(ByteText.printable(path)) is larger than \(maximumBytes) bytes; that is no signal")
    }
    return bytes
  }

  private static func read(_ path: String) throws(SystemError) -> [UInt8] {
    let opened = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else { throw SystemError.last("open", path) }
    let file = FileDescriptor(owning: opened)
    return try read(file.number, path)
  }

  /// Up to one block more than is allowed, which then shows that there is too much.
  private static func read(_ number: CInt, _ path: String) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= maximumBytes {
      let count = retryingInterrupts { unsafe Glibc.read(number, &block, block.count) }
      guard count >= 0 else { throw SystemError.last("read", path) }
      if count == 0 { break }
      bytes.append(contentsOf: block.prefix(count))
    }
    return bytes
  }
}
