import Glibc
import Platform

/// A file with one signal, as the line that the signal socket takes.
enum SignalFile {
  /// Sixteen times the longest signal that can be configured: what is larger is a wrong file, and
  /// what is not gets the daemon's own answer.
  static let maximumBytes = 16 * 1024 * 1024

  /// The file's bytes without line ends. Strict JSON has none inside its strings, so a space in
  /// their place changes no value.
  static func line(
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
    // The socket passes over empty lines without an answer.
    if bytes.isEmpty { return [UInt8(ascii: " ")] }
    return bytes.map { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") ? 0x20 : $0 }
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
