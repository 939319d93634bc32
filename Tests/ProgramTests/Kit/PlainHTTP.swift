import Domain
import Glibc
import Platform
import TestKit

/// HTTP over a connection of its own, whose every byte the test decides.
enum PlainHTTP {
  final class Connection {
    private let descriptor: FileDescriptor

    init(port: UInt16) throws {
      descriptor = Self.make(AF_INET)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      let connected = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
          unsafe connect(descriptor.number, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard connected == 0 else { throw Unusable("connect to \(port): errno \(errno)") }
    }

    init(path: String) throws {
      descriptor = Self.make(AF_UNIX)
      let connected = unsafe UnixAddress.with(path) { unsafe connect(descriptor.number, $0, $1) }
      guard connected == 0 else { throw Unusable("connect to \(path): errno \(errno)") }
    }

    private static func make(_ family: CInt) -> FileDescriptor {
      let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
      let descriptor = FileDescriptor(owning: socket(family, kind, 0))
      // Well above the time in which a server that is at work answers.
      var limit = timeval(tv_sec: Int(patience.wholeMilliseconds / 1_000), tv_usec: 0)
      let size = socklen_t(MemoryLayout<timeval>.size)
      unsafe setsockopt(descriptor.number, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
      return descriptor
    }

    /// Another descriptor of the same connection.
    func copy() -> CInt { fcntl(descriptor.number, F_DUPFD_CLOEXEC, 0) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
      guard
        unsafe Glibc.send(descriptor.number, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
      else { throw Unusable("send: errno \(errno)") }
    }

    /// What comes next; empty at the end.
    func read() throws -> [UInt8] {
      var buffer = [UInt8](repeating: 0, count: 65_536)
      let count = retryingInterrupts {
        unsafe Glibc.read(descriptor.number, &buffer, buffer.count)
      }
      guard count >= 0 else { throw Unusable("read: errno \(errno)") }
      return Array(buffer[..<count])
    }

    func readAll() throws -> [UInt8] {
      var bytes: [UInt8] = []
      while true {
        let more = try read()
        if more.isEmpty { return bytes }
        bytes += more
      }
    }
  }

  /// All that comes back, to the end of the connection.
  static func bytes(_ request: String, port: UInt16) throws -> [UInt8] {
    let connection = try Connection(port: port)
    try connection.send(request)
    return try connection.readAll()
  }

  static func exchange(_ request: String, path: String) throws -> (status: Int, body: [UInt8]) {
    let connection = try Connection(path: path)
    try connection.send(request)
    return try parse(connection.readAll())
  }

  /// Sends a request and leaves the answer, if any, unread. The caller closes the descriptor.
  static func ask(_ request: String, port: UInt16) throws -> CInt {
    let connection = try Connection(port: port)
    try connection.send(request)
    return connection.copy()
  }

  static func exchange(_ request: String, port: UInt16) throws -> (status: Int, body: [UInt8]) {
    try parse(bytes(request, port: port))
  }

  static func parse(_ bytes: [UInt8]) throws -> (status: Int, body: [UInt8]) {
    let end = Array("\r\n\r\n".utf8)
    guard let head = bytes.firstRange(of: end),
      let status = Int(String(decoding: bytes.dropFirst(9).prefix(3), as: UTF8.self))
    else { throw Unusable("no HTTP: \(String(decoding: bytes.prefix(100), as: UTF8.self))") }
    return (status, Array(bytes[head.upperBound...]))
  }
}
