import Domain
import Platform
import Testing
import Transport

@testable import Doctor

/// Every case of a refusal or a failure, and the one that it is told as.
@Suite struct FaultTests {
  private static let until = WallTime(milliseconds: 1_790_000_000_000)

  @Test(arguments: [
    ([700001, -2014], Fault.keyMalformed), ([10072, -2015, 10001], .keyUnknown),
    ([402], .keyExpired),
    ([700002, -1022, 602], .signature), ([700003, -1021, 10073], .clock),
    ([700006, 406], .address(nil)), ([700007, 401, 403], .permission),
    ([10098, 60005, 730100, 10099], .accountRestricted), ([10007, 30020, 70011], .pair),
    ([700004, 700008, 700013, 400, -1128], .requestForm), ([700005], .receiveWindow),
    ([429, 510], .throttled(isBan: false, until: nil)),
    ([418], .throttled(isBan: true, until: nil)), ([500, 503, 20001, 11444], .maintenance),
    ([123_456, 30018], .undocumented),
  ])
  func `a code tells its case`(_ codes: [Int], _ fault: Fault) {
    for code in codes {
      #expect(ExchangeFacts.Problem.refused(code: code, text: "").fault == fault, "\(code)")
    }
  }

  /// The exchange uses it for market orders on a symbol, too.
  @Test(arguments: ["account temporarily cannot order, contact support", "账户暂时不能下单"])
  func `one code is about the account where its text says so`(_ text: String) {
    let fault = ExchangeFacts.Problem.refused(code: 30018, text: text).fault
    #expect(fault == .accountRestricted)
  }

  @Test(arguments: [
    (700006, "IP [203.0.113.7] not in the ip white list", "203.0.113.7"),
    (700006, "IP [2001:db8::7] not in the ip white list", "2001:db8::7"),
    (406, "ip 203.0.113.7: not allowed.", "203.0.113.7"),
    (
      -2015, "Invalid API-key, IP, or permissions for action, request ip: 203.0.113.7.",
      "203.0.113.7"
    ),
  ])
  func `the address that the exchange sees is told`(
    _ code: Int, _ text: String, _ address: String
  ) {
    let problem = ExchangeFacts.Problem.refused(code: code, text: text)
    #expect(problem.fault == .address(address))
    #expect(problem.sentence.contains(address))
    #expect(problem.fault.advice.hasPrefix("add \(address) to the key's list"))
  }

  @Test(arguments: ["", "IP not in the ip white list", "code 1.2.3, at 12:30"])
  func `what is no address is not told as one`(_ text: String) {
    let fault = ExchangeFacts.Problem.refused(code: 700006, text: text).fault
    #expect(fault == .address(nil))
    #expect(fault.advice.hasPrefix("add this machine's public address"))
  }

  private static func transport(
    _ phase: TransportError.Phase, _ reason: TransportError.Reason
  ) -> ExchangeFacts.Problem {
    .transport(TransportError(.notSent, phase, reason, endpoint: "https://api.mexc.com"))
  }

  @Test func `the way fails at its own step`() {
    let rows: [(ExchangeFacts.Problem, begins: String, advice: String)] = [
      (.resolution("Name or service not known"), "DNS: ", "name service"),
      (Self.transport(.resolve, .deadline), "DNS: ", "name service"),
      (Self.transport(.connect, .deadline), "TCP: ", "firewall lets this machine out"),
      (
        Self.transport(.connect, .system(SystemError("connect", "192.0.2.1", number: 111))),
        "TCP: ", "the port in exchange.rest_url"
      ),
      (Self.transport(.handshake, .tls(.certificateExpired)), "TLS: ", "timedatectl"),
      (Self.transport(.handshake, .tls(.certificateNotYetValid)), "TLS: ", "timedatectl"),
      (Self.transport(.handshake, .tls(.certificateUntrusted)), "TLS: ", "exchange.ca_file"),
      (Self.transport(.handshake, .tls(.certificateWrongHost)), "TLS: ", "intercepts"),
      (Self.transport(.handshake, .tls(.protocolRefused)), "TLS: ", "the scheme and the port"),
      (Self.transport(.handshake, .peerClosed), "TLS: ", "the scheme and the port"),
      (Self.transport(.firstByte, .deadline), "connected, but no answer", "try again"),
      (.firewall("HTTP 403, 512 bytes of text/html"), "the firewall before", "another address"),
      (.unavailable(status: 503, text: "HTTP 503"), "the exchange is not available", "status page"),
      (.unreadable("HTTP 200 without JSON"), "what answers is not the exchange's API", "log-in"),
    ]
    for (problem, begins, advice) in rows {
      #expect(problem.sentence.hasPrefix(begins), "\(problem)")
      #expect(problem.fault.advice.contains(advice), "\(problem)")
    }
  }

  @Test func `a limit and a ban are told apart, with their end`() {
    let limit = ExchangeFacts.Problem.throttled(isBan: false, until: Self.until, text: "Too Many")
    let ban = ExchangeFacts.Problem.throttled(isBan: true, until: Self.until, text: "")
    #expect(limit.code == 429 && ban.code == 418)
    #expect(limit.sentence.contains("limits this address's requests until \(Self.until.text)"))
    #expect(ban.sentence.contains("banned this address until \(Self.until.text)"))
    #expect(ban.fault.advice.contains("other programs"))
  }

  /// A person acts on the advice: two cases that need different acts must not read alike.
  @Test func `no two cases have the same cause`() {
    let faults: [Fault] = [
      .nameService("x"), .unreachable("x"), .encryption("x"), .silent("x"), .keyMalformed,
      .keyUnknown, .keyExpired, .signature, .clock, .address(nil), .permission,
      .accountRestricted, .pair, .requestForm, .receiveWindow,
      .throttled(isBan: false, until: nil), .throttled(isBan: true, until: nil), .firewall,
      .maintenance, .notTheExchange("x"), .undocumented,
    ]
    #expect(Set(faults.map(\.cause)).count == faults.count)
    #expect(faults.allSatisfy { !$0.advice.isEmpty })
  }
}
