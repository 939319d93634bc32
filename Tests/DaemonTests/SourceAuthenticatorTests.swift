import Configuration
import Cryptography
import Daemon
import Domain
import Intake
import Platform
import Testing

/// Which heartbeats of a source that signs are its own, and new.
@Suite struct SourceAuthenticatorTests {
  private static let secret = Secret(copying: Array("a secret of its own".utf8))
  private static let start = WallTime(milliseconds: 1_790_331_072_345)

  private var authenticator: SourceAuthenticator

  init() { self.init(interval: .seconds(60)) }

  private init(interval: Duration) {
    var source = Configuration.Source(name: "bot")
    source.heartbeat = interval
    source.isSigned = true
    var configuration = Configuration()
    configuration.sources = [source]
    authenticator = SourceAuthenticator(configuration, secrets: ["bot": Self.secret])
  }

  private static func at(_ seconds: Int64) -> WallTime { start.advanced(by: .seconds(seconds)) }

  private static func heartbeat(_ created: WallTime) throws -> Heartbeat {
    func signed(_ code: String) throws -> Heartbeat {
      let text =
        "{\"heartbeat\":\"bot\",\"created_at\":\(created.milliseconds),\"signature\":\"\(code)\"}"
      return try #require(try Heartbeat(Array(text.utf8)))
    }
    let text = try #require(try signed("00").signature).signedText
    let code = secret.withBytes { HMACSHA256(key: $0).hexDigest(of: text.utf8) }
    return try signed(code)
  }

  /// Whether a heartbeat that was made at the one time is heard at the other; both in seconds.
  private mutating func hears(_ created: Int64, at now: Int64) throws -> Bool {
    try authenticator.refusal(of: Self.heartbeat(Self.at(created)), at: Self.at(now)) == nil
  }

  @Test func `a heartbeat is heard once, and only while it is young`() throws {
    var suite = self
    #expect(try suite.hears(0, at: 0))
    #expect(try !suite.hears(0, at: 0))
    #expect(try suite.hears(60, at: 0))
    #expect(try !suite.hears(61, at: 0))
    #expect(try !suite.hears(0, at: 60))
    #expect(try suite.hears(5, at: 65))
    #expect(try !suite.hears(4, at: 65))
    #expect(try !suite.hears(60, at: 120))
  }

  @Test func `a clock that is set back makes no repetition of what is new`() throws {
    var suite = self
    for second in stride(from: 500, through: 600, by: 5) {
      #expect(try suite.hears(Int64(second), at: Int64(second)))
    }
    #expect(try suite.hears(30, at: 30))
    #expect(try !suite.hears(30, at: 30))
    #expect(try suite.hears(35, at: 35))
    #expect(try !suite.hears(30, at: 35))
  }

  @Test func `what was heard is a repetition also when the clock comes back to it`() throws {
    var suite = self
    #expect(try suite.hears(560, at: 560))
    #expect(try suite.hears(30, at: 30))
    #expect(try !suite.hears(560, at: 560))
  }

  @Test func `a source is heard for as long as it likes`() throws {
    var suite = self
    for number in 0..<1_100 {
      #expect(try suite.hears(Int64(200 * number), at: Int64(200 * number)))
    }
  }

  @Test func `of a source that sends very many, the older ones count as heard`() throws {
    var suite = self
    func beat(_ milliseconds: Int64, _ suite: inout Self) throws -> Bool {
      let created = Self.start.advanced(by: .milliseconds(milliseconds))
      return try suite.authenticator.refusal(of: Self.heartbeat(created), at: Self.start) == nil
    }
    for number in 1...1_100 { #expect(try beat(Int64(2 * number), &suite)) }
    for number in [1, 2, 100, 151, 152, 2_000, 2_200] { #expect(try !beat(Int64(number), &suite)) }
    #expect(try beat(2_001, &suite))
    #expect(try beat(2_201, &suite))
  }

  @Test func `another configuration remembers what was heard`() throws {
    var suite = self
    #expect(try suite.hears(0, at: 0))
    var other = Self().authenticator
    other.remember(suite.authenticator)
    suite.authenticator = other
    #expect(try !suite.hears(0, at: 0))
    #expect(try suite.hears(1, at: 1))
  }

  @Test func `a longer interval makes nothing new of what was heard`() throws {
    var suite = self
    #expect(try suite.hears(0, at: 0))
    #expect(try suite.hears(65, at: 65))
    var other = Self(interval: .seconds(3_600)).authenticator
    other.remember(suite.authenticator)
    suite.authenticator = other
    #expect(try !suite.hears(0, at: 70))
    #expect(try suite.hears(1, at: 70))
  }
}
