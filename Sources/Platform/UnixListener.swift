import CLinux
import Glibc

/// A listening Unix stream socket, its own or one that systemd made.
package final class UnixListener {
  /// Clients that may wait while the loop is busy; more are told to try again by their kernel.
  private static let backlog: CInt = 128

  /// Where clients find it; nil for one that was handed over and is bound to no path, or to one that this
  /// process cannot see: a file system of its own and a closed folder hide what clients reach.
  package let path: String?
  /// Whether somebody else has made it, and keeps it.
  package let isHandedOver: Bool
  private let file: FileStatus?
  private let mode: UInt32
  private let descriptor: FileDescriptor
  package var number: CInt { descriptor.number }

  /// Listens at `path` with the permission bits `mode`. A socket that nobody answers on is
  /// replaced, anything else at the path is left alone. A missing folder is made with mode 0755.
  /// Throws when the path is taken or the socket cannot be made there.
  package init(path: String, mode: UInt32) throws(UnixSocketError) {
    let address = try UnixSocket.address(of: path)
    try Self.makeParent(of: path)
    try Self.removeStale(path, address)
    let descriptor = FileDescriptor(owning: try UnixSocket.make(CInt(SOCK_NONBLOCK.rawValue)))
    // The socket's own mode becomes that of its name at bind(2), so nobody can connect early.
    guard fchmod(descriptor.number, 0o600) == 0 else { throw .system(.last("fchmod", path)) }
    guard unsafe clinux_bind_unix(descriptor.number, address, address.count) == 0 else {
      throw errno == EADDRINUSE ? .inUse(path: path) : .system(.last("bind", path))
    }
    self.path = path
    isHandedOver = false
    self.mode = mode
    file = FileStatus.at(path: path)
    self.descriptor = descriptor
    guard unsafe chmod(path, mode) == 0 else { throw .system(.last("chmod", path)) }
    guard listen(self.descriptor.number, Self.backlog) == 0
    else { throw .system(.last("listen", path)) }
  }

  /// Takes over a socket that already listens, as systemd's socket activation hands it. Throws when
  /// it is no Unix socket that listens.
  package init(adopting number: CInt) throws(UnixSocketError) {
    guard Self.option(SO_DOMAIN, of: number) == AF_UNIX,
      Self.option(SO_TYPE, of: number) == CInt(SOCK_STREAM.rawValue),
      Self.option(SO_ACCEPTCONN, of: number) == 1
    else { throw .notListening(descriptor: number) }
    let flags = fcntl(number, F_GETFL)
    guard flags >= 0, fcntl(number, F_SETFL, flags | O_NONBLOCK) == 0,
      fcntl(number, F_SETFD, FD_CLOEXEC) == 0
    else { throw .system(.last("fcntl")) }
    let bound = UnixSocket.path(of: number)
    file = bound.flatMap { FileStatus.at(path: $0) }
    path = file == nil ? nil : bound
    isHandedOver = true
    mode = 0
    descriptor = FileDescriptor(owning: number)
  }

  /// Removes the name that it made, unless somebody else has put something there since.
  deinit {
    if let path, !isHandedOver, hasItsName { unsafe unlink(path) }
  }

  /// Whether clients find it where it was made.
  package var hasItsName: Bool {
    guard let path, let file, let now = FileStatus.at(path: path) else { return false }
    return now.isSameFile(as: file)
  }

  /// Another one at `path`, which was its own, with the same mode. Throws as the making of the first one
  /// does.
  package func again(at path: String) throws(UnixSocketError) -> UnixListener {
    try UnixListener(path: path, mode: mode)
  }

  /// The next client, non-blocking; nil with `errno` when there is none or none can be taken.
  func accept() -> FileDescriptor? {
    let number = retryingInterrupts { clinux_accept(descriptor.number) }
    return number >= 0 ? FileDescriptor(owning: number) : nil
  }

  private static func option(_ name: CInt, of descriptor: CInt) -> CInt? {
    var value: CInt = 0
    return unsafe clinux_socket_option(descriptor, name, &value) == 0 ? value : nil
  }

  private static func makeParent(of path: String) throws(UnixSocketError) {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
    do throws(SystemError) {
      try Directory.make(String(path[..<slash]), mode: 0o755)
    } catch {
      throw .system(error)
    }
  }

  /// Only a refused connection proves that nobody listens.
  private static func removeStale(_ path: String, _ address: [UInt8]) throws(UnixSocketError) {
    guard let status = FileStatus.at(path: path) else { return }
    guard status.kind == .socket else { throw .notASocket(path: path, status.kind) }
    let probe = FileDescriptor(owning: try UnixSocket.make(CInt(SOCK_NONBLOCK.rawValue)))
    let answered = UnixSocket.connect(probe.number, to: address) == 0 || errno == EAGAIN
    if answered { throw .inUse(path: path) }
    switch errno {
    case ENOENT: return
    case ECONNREFUSED:
      guard unsafe unlink(path) == 0 || errno == ENOENT
      else { throw .system(.last("unlink", path)) }
    default: throw .system(.last("connect", path))
    }
  }
}
