import Domain
import MEXC
import Platform
import Transport

/// What is wrong, as the exchange's answer or the lack of one shows it: one case for each that a person
/// has to treat differently.
enum Fault: Hashable {
  case nameService(String)
  case unreachable(String)
  case certificateTime(String)
  case certificateIdentity(String)
  case encryption(String)
  case silent(String)
  case keyMalformed, keyUnknown, keyExpired
  case signature, clock
  /// As the exchange sees this machine, when it tells.
  case address(String?)
  case permission, accountRestricted, pair
  case requestForm, receiveWindow
  case throttled(isBan: Bool, until: WallTime?)
  case firewall
  case maintenance
  case notTheExchange(String)
  case undocumented

  // MARK: Telling them apart

  /// The codes are MEXC's, and those of the exchange whose API it imitates.
  private static let byCode: [Int: Fault] = {
    var table: [Int: Fault] = [:]
    let rows: [([Int], Fault)] = [
      ([700001, -2014], .keyMalformed), ([10072, -2015, 10001, 10015], .keyUnknown),
      ([402], .keyExpired),
      ([700002, -1022, 602], .signature), ([700003, -1021, 10073], .clock),
      ([700006, 406], .address(nil)), ([700007, 401, 403, 700011], .permission),
      ([10098, 60005, 730000, 730003, 730100, 730101, 140001, 140002], .accountRestricted),
      ([10007, 30020, 70011, 30014, 30021, 30000, 30016, -1121], .pair),
      (
        [400, -1128, 22222, 33333, 44444, 700004, 700008, 700009, 700010, 700012, 700013],
        .requestForm
      ),
      ([700005], .receiveWindow), ([429, 510], .throttled(isBan: false, until: nil)),
      ([418], .throttled(isBan: true, until: nil)),
      ([500, 501, 502, 503, 504, 11444, 20001, 20002], .maintenance),
    ]
    for (codes, fault) in rows { for code in codes { table[code] = fault } }
    return table
  }()

  init(_ problem: ExchangeFacts.Problem) {
    switch problem {
    case .resolution(let text): self = .nameService(text)
    case .transport(let error): self.init(error)
    case .refused(let code, let text): self.init(code: code, text)
    case .throttled(let isBan, let until, _): self = .throttled(isBan: isBan, until: until)
    case .firewall: self = .firewall
    case .unavailable: self = .maintenance
    case .unreadable(let text): self = .notTheExchange(text)
    }
  }

  private init(code: Int, _ text: String) {
    let address = Self.address(in: text)
    switch Self.byCode[code] {
    case .address?: self = .address(address)
    // One code for three causes; an address in the text tells which.
    case .keyUnknown? where address != nil: self = .address(address)
    case let fault?: self = fault
    // What else stops a daemon is about the account; of one code the text tells it.
    case nil:
      let action = ErrorTable.error(code: code, text: text).action
      self = action == .halt ? .accountRestricted : .undocumented
    }
  }

  private init(_ error: TransportError) {
    let text = error.reason.description
    switch (error.phase, error.reason) {
    case (_, .resolution(let words)): self = .nameService(words)
    case (.resolve, _): self = .nameService(text)
    case (_, .tls(.certificateExpired)), (_, .tls(.certificateNotYetValid)):
      self = .certificateTime(text)
    case (_, .tls(.certificateUntrusted)), (_, .tls(.certificateWrongHost)):
      self = .certificateIdentity(text)
    case (.handshake, _), (_, .tls): self = .encryption(text)
    case (.connect, _), (.queue, _): self = .unreachable(text)
    case (_, .violation): self = .notTheExchange(text)
    case (.write, _), (.firstByte, _), (.body, _): self = .silent(text)
    }
  }

  /// The first address in a text such as "IP [203.0.113.7] not in the ip white list".
  private static func address(in text: String) -> String? {
    let words = text.split { !$0.isHexDigit && $0 != "." && $0 != ":" }
    return words.lazy.map { word in
      String(word).trimming(".").trimming(":")
    }.first { ($0.contains(".") || $0.contains(":")) && IPAddress(literal: $0) != nil }
  }
}

extension String {
  /// Without this character at its end, where a sentence puts it.
  fileprivate func trimming(_ end: Character) -> String {
    last == end && dropLast().last != end ? String(dropLast()) : self
  }
}

// MARK: - Words

extension Fault {
  /// What it is, in one sentence.
  var cause: String {
    switch self {
    case .nameService(let text): "DNS: the exchange's name cannot be resolved (\(text))"
    case .unreachable(let text): "TCP: no connection comes about (\(text))"
    case .certificateTime(let text), .certificateIdentity(let text), .encryption(let text):
      "TLS: \(text)"
    case .silent(let text): "connected, but no answer comes (\(text))"
    case .keyMalformed: "the API key is malformed"
    case .keyUnknown:
      "the exchange does not know the API key: deleted, mistyped, expired, or of "
        + "another account"
    case .keyExpired: "the API key has expired"
    case .signature: "the exchange does not accept the signature: the secret is not this key's"
    case .clock: "the exchange refuses the time of a request"
    case .address(let seen):
      "this machine's address\(seen.map { ", which the exchange sees as \($0)," } ?? "") is not in "
        + "the key's list"
    case .permission: "the API key lacks a permission"
    case .accountRestricted: "the exchange restricts the account"
    case .pair: "the pair is closed to this API key, or to the API"
    case .requestForm: "the exchange does not accept the form of the request"
    case .receiveWindow: "the receive window is too large"
    case .throttled(let isBan, let until):
      (isBan ? "the exchange banned this address" : "the exchange limits this address's requests")
        + (until.map { " until \($0.text)" } ?? "")
    case .firewall: "the firewall before the exchange refuses this machine"
    case .maintenance: "the exchange is not available: an internal error, or maintenance"
    case .notTheExchange(let text): "what answers is not the exchange's API (\(text))"
    case .undocumented: "the exchange refuses for a reason that it does not document"
    }
  }

  /// The next step.
  var advice: String {
    switch self {
    case .nameService:
      "check the host in exchange.rest_url, and this machine's name service ('resolvectl status')"
    case .unreachable:
      "check the port in exchange.rest_url, the network, and whether a firewall lets this machine out "
        + "to it"
    case .certificateTime: "check this machine's clock ('timedatectl')"
    case .certificateIdentity:
      "check exchange.rest_url and exchange.ca_file; if both are right, something between this machine "
        + "and the exchange intercepts the connection"
    case .encryption: "check the scheme and the port in exchange.rest_url, and proxies on the way"
    case .silent: "try again; if it stays, see MEXC's status page, and check the network"
    case .keyMalformed:
      "copy API key and secret again, each alone and whole ('mexc-signalctl keys set')"
    case .keyUnknown:
      "look for the key in MEXC's API management; if it is not there, make a new one"
    case .keyExpired:
      "make a new key; one without a bound address lives 90 days, one that is bound to this machine's "
        + "address does not expire"
    case .signature:
      "put the secret of this key in again; if it is the right one, the program signs wrongly: report "
        + "it with the code"
    case .clock: Self.clockAdvice
    case .address(let seen):
      "add \(seen ?? "this machine's public address") to the key's list in MEXC's API management"
    case .permission:
      "enable 'view account details', 'view order details' and 'trade' for spot in MEXC's API "
        + "management, and never withdrawal"
    case .accountRestricted:
      "look at the account's verification (KYC) on MEXC's website; ask its support"
    case .pair:
      "add the pair to the key's list in MEXC's API management, or take it off risk.symbols"
    case .requestForm: "the program is at fault: report it with the code and the text"
    case .receiveWindow: "lower exchange.recv_window_ms below 60000"
    case .throttled:
      "wait until then, and look for other programs that use the exchange from this address"
    case .firewall:
      "stop for a while; check whether MEXC serves this machine's address and country, else use "
        + "another address or ask MEXC's support"
    case .maintenance: "wait; see MEXC's status page and announcements"
    case .notTheExchange: "check exchange.rest_url, and proxies or log-in pages on the way"
    case .undocumented:
      "look at the key and the account on MEXC's website; report the code with its text"
    }
  }

  static let clockAdvice =
    "let chrony or systemd-timesyncd keep the clock ('timedatectl set-ntp true', then 'timedatectl'); a "
    + "wider exchange.recv_window_ms is a stop-gap for a slow network"
}

extension ExchangeFacts.Problem {
  var fault: Fault { Fault(self) }

  /// The cause with the code and the exchange's own words.
  var sentence: String {
    switch self {
    case .refused(let code, let text), .unavailable(let code, let text):
      "\(fault.cause) (code \(code)\(text.isEmpty ? "" : ": \(text)"))"
    case .throttled(_, _, let text):
      "\(fault.cause) (code \(code ?? 429)\(text.isEmpty ? "" : ": \(text)"))"
    case .firewall(let text): "\(fault.cause) (\(text))"
    case .resolution, .transport, .unreadable: fault.cause
    }
  }

  func stage(_ name: Stage.Name) -> Stage { .failed(name, sentence, fault.advice, code: code) }
}
