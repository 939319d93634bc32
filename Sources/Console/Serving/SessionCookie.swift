import Control
import Cryptography
import Domain
import Platform
import Transport

/// A person who has opened the link.
struct Session {
  let secret: Secret
  let end: WallTime

  /// What every form sends along: only who can read a page of ours knows it.
  var formToken: Secret {
    let hash = secret.withBytes { HMACSHA256(key: $0).hexDigest(of: Array("form token".utf8)) }
    return Secret(copying: Array(hash.utf8))
  }

  func accepts(_ token: String?) -> Bool {
    guard let token else { return false }
    return formToken.equals(Secret(copying: Array(token.utf8)))
  }
}

/// The session in a browser.
struct SessionCookie {
  /// Tells this console from every other one that a browser may meet at the same address.
  let console: String
  private var name: String { "mexc_console_" + console }

  /// A browser keeps cookies apart by host and not by port (RFC 6265 §8.5): each console has a name of
  /// its own. The path of the folder where its sessions are is the same on many machines, and the mark
  /// in it is copied along with it.
  init(folder: String, mark: [UInt8]) {
    let digits = Hexadecimal.text(of: Digest.sha256(Array(folder.utf8) + mark))
    console = String(digits.prefix(8))
  }

  /// Every value of that name, in the order of the request: paths may have made several.
  func values(in request: ReceivedRequest) -> [Secret] {
    request.headers.values(of: "Cookie").flatMap { line in
      line.split(separator: ";").compactMap { pair -> Secret? in
        let pair = pair.drop { $0 == " " }
        guard pair.hasPrefix(name + "=") else { return nil }
        return Secret(copying: Array(pair.dropFirst(name.count + 1).utf8))
      }
    }
  }

  func header(_ grant: ConsoleAccess.Grant) -> (name: String, value: String) {
    let text = grant.secret.withBytes { bytes in
      String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
    let seconds = ConsoleAccess.sessionTime.wholeMilliseconds / 1_000
    return ("Set-Cookie", "\(name)=\(text); Path=/; Max-Age=\(seconds); \(Self.attributes)")
  }

  var removal: (name: String, value: String) {
    ("Set-Cookie", "\(name)=; Path=/; Max-Age=0; \(Self.attributes)")
  }

  private static let attributes = "HttpOnly; SameSite=Strict"
}
