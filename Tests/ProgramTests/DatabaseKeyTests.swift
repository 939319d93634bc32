import Domain
import Foundation
import Glibc
import JSON
import SimulatedExchange
import TestKit
import Testing

/// A database belongs to the API key that the exchange accepted first, until the operator says that
/// another one is of the same account.
struct DatabaseKeyTests {
  private static let renewed = (
    key: "mx0vglRenewedKey01", secret: "0123456789abcdef0123456789abcdef"
  )

  private func market(_ keys: (key: String, secret: String)? = nil, port: UInt16 = 0) throws
    -> SimulatedMarket
  {
    let pair = keys.map { ["--key", $0.key, "--secret", $0.secret] } ?? []
    return try SimulatedMarket(SimulatedMarket.calm + pair, port: port)
  }

  private func use(_ keys: (key: String, secret: String)?, in daemon: DaemonUnderTest) {
    daemon.environment = [
      "MEXC_API_KEY": keys?.key ?? SimulatorConfiguration.demoKey,
      "MEXC_SECRET_KEY": keys?.secret ?? SimulatorConfiguration.demoSecret,
    ]
  }

  private func trade(_ id: String, _ daemon: DaemonUnderTest) throws {
    try daemon.start()
    try daemon.waitForTrading()
    #expect(try daemon.submit(Wish(id).text)["code"] == "accepted")
    try daemon.waitForOrder(id, "filled")
  }

  private func refusal(of daemon: DaemonUnderTest) throws -> String {
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    return try #require(try daemon.process.lines.first { $0.contains("not started: ") })
  }

  @Test func `another key is refused until it is said to be of the account`() throws {
    let first = try market()
    let daemon = try DaemonUnderTest(first)
    try trade("a", daemon)
    #expect(try daemon.operate("adopt").errors.contains("in use"))
    try daemon.stop()

    use(Self.renewed, in: daemon)
    let line = try refusal(of: daemon)
    #expect(line.contains("was used with another API key"), "\(line)")
    #expect(line.contains("mexc-signalctl --config \(daemon.scratch("config.json5")) adopt"))
    // The old one still fits.
    use(nil, in: daemon)
    try trade("b", daemon)
    try daemon.stop()

    let adopted = try daemon.operate("adopt")
    #expect(adopted.status == 0)
    #expect(adopted.output.contains("the next API key that the exchange accepts"))
    // A key that the exchange does not accept is not noted.
    use((key: "mx0vglMistypedKey1", secret: Self.renewed.secret), in: daemon)
    try daemon.start()
    try daemon.process.line(with: "10072")
    try daemon.kill9()
    try first.stop()
    let second = try market(Self.renewed, port: first.port)
    use(Self.renewed, in: daemon)
    try trade("c", daemon)
    try daemon.kill9()
    try trade("d", daemon)
    try daemon.stop()
    #expect(try second.ledger().placements == 2)
    use(nil, in: daemon)
    #expect(try refusal(of: daemon).contains("was used with another API key"))
    let kinds = try RawDatabase(daemon.scratch("state.db")).column(
      "SELECT kind FROM event WHERE signal_id IS NULL AND kind LIKE '%key%' ORDER BY id")
    #expect(kinds == ["api_key_noted", "api_key_forgotten", "api_key_noted"])
    #expect(try daemon.operate("verify").status == 0)
    try keysAreNowhere(daemon)
  }

  private func keysAreNowhere(_ daemon: DaemonUnderTest) throws {
    for file in try daemon.scratch.files() where !file.path.hasSuffix("config.json5") {
      for text in [SimulatorConfiguration.demoKey, Self.renewed.key, Self.renewed.secret] {
        #expect(file.content.range(of: Data(text.utf8)) == nil, "\(file.path)")
      }
    }
    #expect(!daemon.journal.contains { $0.contains(Self.renewed.key) })
  }

  /// Root says it, and the daemon's user must be able to open what lies beside the database then.
  @Test func `adopting leaves every file to the databases user`() throws {
    let market = try market()
    let daemon = try DaemonUnderTest(market)
    try trade("a", daemon)
    try daemon.stop()
    let folder = daemon.scratch("elsewhere")
    let user = geteuid() == 0 ? uid_t(65_534) : geteuid()
    let attributes: [FileAttributeKey: Any] = [.ownerAccountID: user]
    let manager = FileManager.default
    try manager.createDirectory(atPath: folder, withIntermediateDirectories: false)
    try manager.copyItem(atPath: daemon.scratch("state.db"), toPath: folder + "/copy.db")
    try manager.setAttributes(attributes, ofItemAtPath: folder)
    try manager.setAttributes(attributes, ofItemAtPath: folder + "/copy.db")
    try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: daemon.scratch.path)
    daemon.settings["store.path"] = .string(folder + "/copy.db")
    let adopted = try daemon.operate("adopt")
    #expect(adopted.status == 0, "\(adopted.errors)")
    let names = try manager.contentsOfDirectory(atPath: folder).sorted()
    #expect(names == ["copy.db", "copy.db.high-water", "copy.db.intake", "copy.db.lock"])
    for name in names {
      let owner = try manager.attributesOfItem(atPath: "\(folder)/\(name)")[.ownerAccountID]
      #expect((owner as? NSNumber)?.uint32Value == user, "\(name)")
    }
  }

  @Test func `an open order is followed with the renewed key`() throws {
    let market = try market()
    let daemon = try DaemonUnderTest.trading(market)
    #expect(try daemon.submit(Wish.resting("rests").text)["code"] == "accepted")
    try daemon.waitForOrder("rests", "open")
    try daemon.stop()
    let adopted = try daemon.operate("--json", "adopt")
    let document = try JSONReader.read(Array(adopted.output.utf8))
    #expect(document["ok"] == true)
    #expect(document["message"]?.stringValue?.contains("1 order under way") == true)
    try daemon.start()
    try daemon.waitForTrading()
    try market.price("BTCUSDT", "63850")
    try daemon.waitForOrder("rests", "filled")
    try daemon.stop()
  }
}
