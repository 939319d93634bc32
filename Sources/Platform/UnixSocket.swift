import CLinux
import Glibc

/// Why a Unix socket could not be offered or reached.
package enum UnixSocketError: Error, Hashable, Sendable {
  /// The address of a Unix socket holds at most `limit` bytes (unix(7)).
  case pathTooLong(path: String, limit: Int)
  /// Something that is no socket stands at the path; it is left alone.
  case notASocket(path: String, FileStatus.Kind)
  /// Another program answers at the path.
  case inUse(path: String)
  /// A descriptor handed over is no listening Unix stream socket.
  case notListening(descriptor: CInt)
  case system(SystemError)
}

extension UnixSocketError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .pathTooLong(let path, let limit):
      "the socket path \(path) has more than \(limit) bytes; choose a shorter one"
    case .notASocket(let path, let kind):
      "a \(kind.name) stands at the socket path \(path); move it away or choose another path"
    case .inUse(let path):
      "another program listens on \(path); stop it or choose another path"
    case .notListening(let descriptor):
      "descriptor \(descriptor) is not a listening Unix stream socket; check the socket unit"
    case .system(let error): error.description
    }
  }
}

/// Who is at the other end, as the kernel saw it at the connect.
package struct PeerCredentials: Hashable, Sendable {
  package let process: Int32
  package let user: UInt32
  package let group: UInt32

  /// nil when the descriptor is no connected Unix socket.
  static func of(_ descriptor: CInt) -> PeerCredentials? {
    var peer = clinux_peer()
    guard unsafe clinux_peer_of(descriptor, &peer) == 0 else { return nil }
    return PeerCredentials(process: peer.process, user: peer.user, group: peer.group)
  }
}

/// The calls that listener and client share.
enum UnixSocket {
  static func make(_ flags: CInt) throws(UnixSocketError) -> CInt {
    let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | flags
    let number = socket(AF_UNIX, kind, 0)
    guard number >= 0 else { throw .system(SystemError.last("socket")) }
    return number
  }

  static func address(of path: String) throws(UnixSocketError) -> [UInt8] {
    let limit = Int(clinux_maximum_socket_path)
    guard path.utf8.count <= limit else { throw .pathTooLong(path: path, limit: limit) }
    return Array(path.utf8)
  }

  /// Where a socket is bound; nil for one that is bound to no path.
  static func path(of descriptor: CInt) -> String? {
    var bytes = [UInt8](repeating: 0, count: Int(clinux_maximum_socket_path) + 1)
    let count = unsafe clinux_unix_path_of(descriptor, &bytes)
    return count == 0 ? nil : String(validating: bytes.prefix(count), as: UTF8.self)
  }

  static func connect(_ descriptor: CInt, to address: [UInt8]) -> CInt {
    retryingInterrupts { unsafe clinux_connect_unix(descriptor, address, address.count) }
  }
}
