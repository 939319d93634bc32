import Glibc
import Platform
import TestKit

/// Files whose names are bytes, as Linux has them.
enum RawFiles {
  private static func terminated(_ path: [UInt8]) -> [CChar] {
    path.map { CChar(bitPattern: $0) } + [0]
  }

  static func write(_ path: [UInt8], _ bytes: [UInt8]) throws {
    let number = unsafe open(terminated(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard number >= 0 else { throw Unusable("open: errno \(errno)") }
    defer { close(number) }
    guard unsafe Glibc.write(number, bytes, bytes.count) == bytes.count else {
      throw Unusable("write: errno \(errno)")
    }
  }

  static func rename(_ path: [UInt8], to target: [UInt8]) throws {
    guard unsafe Glibc.rename(terminated(path), terminated(target)) == 0 else {
      throw Unusable("rename: errno \(errno)")
    }
  }

  static func exists(_ path: [UInt8]) -> Bool {
    var status = stat()
    return unsafe lstat(terminated(path), &status) == 0
  }

  /// The whole file; nil when it cannot be opened.
  static func read(_ path: [UInt8]) -> [UInt8]? {
    let number = unsafe open(terminated(path), O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return nil }
    defer { close(number) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe Glibc.read(number, &buffer, buffer.count)
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
    }
  }

  static func makePipe(_ path: String) throws {
    guard unsafe mkfifo(path, 0o644) == 0 else { throw Unusable("mkfifo: errno \(errno)") }
  }
}

/// A client that says something without ending its line, and then nothing more.
struct HalfClient: ~Copyable {
  private let descriptor: FileDescriptor

  init(_ path: String, saying text: String) throws {
    descriptor = FileDescriptor(owning: socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0))
    let connected = unsafe UnixAddress.with(path) { unsafe connect(descriptor.number, $0, $1) }
    guard connected == 0 else { throw Unusable("connect: errno \(errno)") }
    let bytes = Array(text.utf8)
    guard unsafe send(descriptor.number, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
    else { throw Unusable("send: errno \(errno)") }
  }
}

/// sockaddr_un of unix(7), for as long as the body runs.
enum UnixAddress {
  static func with(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
  ) -> CInt {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
      for (index, byte) in path.utf8.enumerated() { unsafe room[index] = byte }
    }
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe body(pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
