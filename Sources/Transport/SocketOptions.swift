import Glibc

enum SocketOptions {
  /// Switches an option on; a refusal only costs speed, so it is not looked at.
  static func set(_ socket: CInt, _ level: CInt, _ option: CInt) {
    var one: CInt = 1
    _ = unsafe setsockopt(socket, level, option, &one, socklen_t(MemoryLayout<CInt>.size))
  }

  /// How a connect that went on in the background ended (connect(2), EINPROGRESS): 0 or an errno.
  static func pendingError(_ socket: CInt) -> CInt {
    var number: CInt = 0
    var length = socklen_t(MemoryLayout<CInt>.size)
    let result = unsafe getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &length)
    return result == 0 ? number : errno
  }

  static let tcp = CInt(IPPROTO_TCP)
}
