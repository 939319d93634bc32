import Daemon
import Domain
import Testing
import Transport

@Suite struct VenueCatalogTests {
  @Test func `a connection is proved before it stops being good for an order`() throws {
    for mode in [TradingMode.live, .validate] {
      let interval = try #require(VenueCatalog.traits(in: mode).keepAlive)
      #expect(interval < HTTPClient.Configuration.freshness)
    }
  }

  @Test func `paper orders leave on no connection`() {
    #expect(VenueCatalog.traits(in: .paper).keepAlive == nil)
  }
}
