import Domain
import Foundation
import Glibc
import JSON
import Platform
import TestKit
import Testing

/// Where the exchange is, and what it says to an address that it does not want.
struct FieldAddressTests {
  private static let name = "exchange.test"

  private let scratch: Scratch
  private let authority: Authority
  private let port: ReservedPort

  init() throws {
    scratch = try Scratch()
    authority = try Authority(scratch)
    try authority.issue(for: "DNS:\(Self.name)")
    try scratch.write("hosts", "", mode: 0o644)
    port = try ReservedPort(on: ["127.0.0.2", "127.0.0.3"])
  }

  private func market(at address: String) throws -> SimulatedMarket {
    try SimulatedMarket(
      SimulatedMarket.calm
        + ["--tls", authority.certificate, authority.key, "--address", address], port: port.number)
  }

  /// A daemon whose /etc/hosts is the scratch folder's, in a namespace of mounts; who is not root has
  /// one of users around it.
  private func daemon(_ port: UInt16) throws -> DaemonUnderTest {
    let daemon = try DaemonUnderTest(nil) {
      $0["exchange.rest_url"] = .string("https://\(Self.name):\(port)")
      $0["exchange.ca_file"] = .string(authority.file)
    }
    daemon.launcher = ["/usr/bin/unshare", geteuid() == 0 ? "-m" : "-rm"]
    daemon.preparation = "/bin/mount --bind \(scratch("hosts")) /etc/hosts"
    return daemon
  }

  /// Written in place: what is mounted is this very file.
  private func lead(to address: String) throws {
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch("hosts")))
    try file.truncate(atOffset: 0)
    try file.write(contentsOf: Data("\(address) \(Self.name)\n".utf8))
    try file.close()
  }

  /// A file that is filled before its signal expires: sooner than an address would be looked up
  /// again for its age alone.
  private func fills(_ id: String, _ daemon: DaemonUnderTest) throws {
    try daemon.drop("\(id).json", Wish(id, ["ttl_seconds": 30]).text)
    #expect(try daemon.waitForOutcome("\(id).json").status == "filled")
  }

  @Test func `an exchange that moves is found at once`() throws {
    let old = try market(at: "127.0.0.2")
    let daemon = try daemon(old.port)
    try lead(to: "127.0.0.2")
    try daemon.start()
    try daemon.waitForTrading()
    try fills("before", daemon)
    try old.stop()
    let new = try market(at: "127.0.0.3")
    try lead(to: "127.0.0.3")
    try fills("after", daemon)
    try daemon.process.line(with: "connected to 127.0.0.3")
    withExtendedLifetime(new) {}
  }

  @Test func `an exchange that moves after an outage is found as well`() throws {
    let old = try market(at: "127.0.0.2")
    let daemon = try daemon(old.port)
    try lead(to: "127.0.0.2")
    try daemon.start()
    try daemon.waitForTrading()
    try old.stop()
    // By then the pauses have grown.
    try daemon.until("eight refusals") {
      daemon.journal.count { $0.contains("Connection refused") } >= 8 ? true : nil
    }
    let new = try market(at: "127.0.0.3")
    try lead(to: "127.0.0.3")
    try fills("after", daemon)
    withExtendedLifetime(new) {}
  }

  @Test(arguments: ["[::1]", "localhost"])
  func `an exchange on one address of version 6 alone`(_ host: String) throws {
    let market = try SimulatedMarket(SimulatedMarket.calm + ["--address", "::1"])
    let daemon = try DaemonUnderTest(market, url: "http://\(host):\(market.port)")
    try daemon.start()
    try daemon.waitForTrading()
    try fills("a", daemon)
  }

  /// The library that asks the name servers blocks; nothing of it may be left behind.
  @Test func `looking a name up leaves no thread behind`() throws {
    let market = try market(at: "127.0.0.2")
    let daemon = try daemon(market.port)
    try lead(to: "127.0.0.2")
    try daemon.start()
    try daemon.waitForTrading()
    let tasks = "/proc/\(try daemon.process.pid)/task"
    try daemon.until("the look-ups' threads to end") { () throws -> Bool? in
      try FileManager.default.contentsOfDirectory(atPath: tasks).count == 1 ? true : nil
    }
  }

  @Test(arguments: ["*", "GET /api/v3/ticker/price"])
  func `a page of the firewall is said to be one, with what is most often behind it`(
    _ route: String
  ) throws {
    let market = try SimulatedMarket()
    let daemon = try DaemonUnderTest.trading(market)
    try market.faults(#"{"route": "\#(route)", "fault": "forbidden"}"#)
    #expect(try daemon.submit(Wish("a").text)["code"] == "accepted")
    let line = try daemon.process.line(with: "level=warning", "HTTP 403")
    for word in ["firewall", "region", "advice="] { #expect(line.contains(word), "\(line)") }
    #expect(!line.contains("other programs"), "\(line)")
    #expect(try market.ledger().placements == 0)
  }
}
