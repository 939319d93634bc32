import CLinux
import Glibc

/// Tells systemd how the service is (sd_notify(3)), and takes over what systemd prepared. Without
/// systemd every call does nothing.
package struct ServiceManager {
  /// A socket that systemd listens on for this service (sd_listen_fds(3)).
  package struct ActivatedSocket: Hashable, Sendable {
    /// `FileDescriptorName=` of the socket unit; "unknown" when it gave none.
    package let name: String
    package let descriptor: CInt
  }

  /// systemd reads its socket at once; a longer wait would hold up trading for a status line.
  private static let sendingMilliseconds: CInt = 100
  private let environment: (String) -> String?
  private let firstDescriptor: CInt
  private let address: [UInt8]?

  /// `firstDescriptor` is SD_LISTEN_FDS_START unless descriptor 3 is somebody else's.
  package init(
    firstDescriptor: CInt = 3, environment: @escaping (String) -> String? = Environment.value
  ) {
    self.environment = environment
    self.firstDescriptor = firstDescriptor
    guard let path = environment("NOTIFY_SOCKET"), path.hasPrefix("/") || path.hasPrefix("@") else {
      address = nil
      return
    }
    var bytes = Array(path.utf8)
    if path.hasPrefix("@") { bytes[0] = 0 }
    address = bytes
  }

  package func ready() { notify("READY=1") }

  /// One line for `systemctl status`.
  package func status(_ text: String) { notify("STATUS=" + ByteText.printable(text)) }

  package func stopping() { notify("STOPPING=1") }

  /// Shows that the loop makes progress.
  package func watchdog() { notify("WATCHDOG=1") }

  /// Followed by `ready()` when the new configuration holds.
  package func reloading() {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    let microseconds = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    notify("RELOADING=1\nMONOTONIC_USEC=\(microseconds)")
  }

  /// How often systemd wants to hear from the watchdog at the least (sd_watchdog_enabled(3)); the
  /// custom is to speak twice as often. nil when it does not ask this process.
  package var watchdogInterval: Duration? {
    guard let text = environment("WATCHDOG_USEC"), let microseconds = Int64(text),
      microseconds > 0, isMeant("WATCHDOG_PID", whenUnset: true)
    else { return nil }
    return .microseconds(microseconds)
  }

  /// The sockets that systemd handed to this process; the caller owns them.
  package func activatedSockets() -> [ActivatedSocket] {
    guard isMeant("LISTEN_PID", whenUnset: false), let text = environment("LISTEN_FDS"),
      let count = CInt(text), count > 0
    else { return [] }
    let names = (environment("LISTEN_FDNAMES") ?? "")
      .split(separator: ":", omittingEmptySubsequences: false)
    return (0..<count).compactMap { index in
      let descriptor = firstDescriptor + index
      guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { return nil }
      let name = names.indices.contains(Int(index)) ? String(names[Int(index)]) : "unknown"
      return ActivatedSocket(name: name.isEmpty ? "unknown" : name, descriptor: descriptor)
    }
  }

  private func isMeant(_ variable: String, whenUnset: Bool) -> Bool {
    guard let text = environment(variable) else { return whenUnset }
    return text == String(getpid())
  }

  /// A new socket for every message: systemd may have been started again since the last.
  private func notify(_ message: String) {
    guard let address else { return }
    let kind = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    let number = socket(AF_UNIX, kind, 0)
    guard number >= 0 else { return }
    let descriptor = FileDescriptor(owning: number)
    guard clinux_limit_sending(number, Self.sendingMilliseconds) == 0,
      UnixSocket.connect(number, to: address) == 0
    else { return }
    let bytes = Array(message.utf8)
    _ = unsafe send(descriptor.number, bytes, bytes.count, CInt(MSG_NOSIGNAL))
  }
}
