import Domain
import Foundation
import Glibc
import JSON
import Platform
import TestKit
import Testing

/// What systemd sees and gives: sd_notify(3), the watchdog, sd_listen_fds(3).
struct ServiceTests {
  @Test
  func `systemd is told`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    let notify = try NotifySocket(daemon.scratch("notify.sock"))
    daemon.environment["NOTIFY_SOCKET"] = daemon.scratch("notify.sock")
    daemon.environment["WATCHDOG_USEC"] = "200000"
    try daemon.start()
    try notify.wait(for: "READY=1")
    try notify.wait(for: "WATCHDOG=1")
    try notify.wait(for: "STATUS=trading (live)")
    // Again and again, for as long as the loop turns.
    notify.forget()
    try notify.wait(for: "WATCHDOG=1")

    #expect(try daemon.operate("halt", "for a test").status == 0)
    try notify.wait(for: "STATUS=trading is halted since ", containing: ": for a test; ")
    notify.forget()
    try daemon.process.signal(SIGHUP)
    try notify.wait(for: "RELOADING=1\nMONOTONIC_USEC=")
    try notify.wait(for: "READY=1")
    try daemon.process.signal(SIGTERM)
    try notify.wait(for: "STOPPING=1")
    #expect(try daemon.process.waitForEnd() == .exited(0))
  }

  /// It would hold the secret.
  @Test
  func `no core file can be made of the daemon`() throws {
    let daemon = try DaemonUnderTest(SimulatedMarket())
    daemon.preparation = "ulimit -c unlimited"
    try daemon.start()
    let limits = try String(
      contentsOfFile: "/proc/\(daemon.process.pid)/limits", encoding: .utf8)
    let line = try #require(
      limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
    #expect(line.split(separator: " ").suffix(3) == ["0", "0", "bytes"])
  }

  /// A loop that does not turn feeds no watchdog: that is what it is for.
  @Test
  func `a watchdog is not fed without being asked`() throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    let notify = try NotifySocket(daemon.scratch("notify.sock"))
    daemon.environment["NOTIFY_SOCKET"] = daemon.scratch("notify.sock")
    daemon.environment["WATCHDOG_USEC"] = "200000"
    daemon.environment["WATCHDOG_PID"] = "1"
    try daemon.start()
    try notify.wait(for: "STATUS=trading (live)")
    #expect(!notify.messages.contains { $0.hasPrefix("WATCHDOG") })
  }

  @Test(arguments: [false, true])
  func `sockets of systemd are taken over`(_ bothAreNamed: Bool) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest(market)
    let given = daemon.scratch("given.sock")
    let signals = try Self.listen(given)
    var descriptors = [signals.number]
    var control: FileDescriptor?
    if bothAreNamed {
      let made = try Self.listen(daemon.scratch("given-control.sock"))
      descriptors.insert(made.number, at: 0)
      control = consume made
    }
    try daemon.launch(
      withSockets: descriptors, named: bothAreNamed ? "control:signal" : "signals.socket")
    try daemon.process.line(with: "ready to take signals")
    #expect(try SignalClient(given).ask(Wish("given").text)["code"] == "accepted")
    #expect(!FileManager.default.fileExists(atPath: daemon.scratch("signal.sock")))
    if bothAreNamed { daemon.controlSocket = "given-control.sock" }
    try daemon.waitForOrder("given", "filled")
    #expect(try daemon.stop() == .exited(0))
    // It is systemd's: it stays when the daemon goes.
    #expect(FileManager.default.fileExists(atPath: given))
    _ = consume control
  }

  @Test
  func `a socket of systemd that no client finds any more is shown for as long as that lasts`()
    throws
  {
    let daemon = try DaemonUnderTest(SimulatedMarket())
    let given = daemon.scratch("given.sock")
    let signals = try Self.listen(given)
    try daemon.launch(withSockets: [signals.number], named: "signals.socket")
    try daemon.waitForTrading()
    try FileManager.default.moveItem(atPath: given, toPath: given + ".away")
    try daemon.process.line(with: "signal socket: \(given) was removed or replaced")
    let status = try daemon.operate("status")
    #expect(status.status == 1, "\(status)")
    #expect(status.output.contains("signal socket: \(given) was removed"), "\(status)")
    #expect(status.output.contains("restart the socket unit"), "\(status)")

    try FileManager.default.moveItem(atPath: given + ".away", toPath: given)
    try daemon.until("a status without the socket") {
      try daemon.operate("status").output.contains("signal socket:") ? nil : true
    }
    #expect(try daemon.stop() == .exited(0))
  }

  private static func listen(_ path: String) throws -> FileDescriptor {
    let descriptor = FileDescriptor(owning: socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0))
    let bound = unsafe UnixAddress.with(path) { unsafe bind(descriptor.number, $0, $1) }
    guard bound == 0, Glibc.listen(descriptor.number, 16) == 0 else {
      throw Unusable("listen on \(path): errno \(errno)")
    }
    return descriptor
  }
}
