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
enum SessionCookie {
  static let name = "mexc_console"

  /// Every value of that name, in the order of the request: paths and ports may have made several.
  static func values(in request: ReceivedRequest) -> [Secret] {
    request.headers.values(of: "Cookie").flatMap { line in
      line.split(separator: ";").compactMap { pair -> Secret? in
        let pair = pair.drop { $0 == " " }
        guard pair.hasPrefix(name + "=") else { return nil }
        return Secret(copying: Array(pair.dropFirst(name.count + 1).utf8))
      }
    }
  }

  static func header(_ grant: ConsoleAccess.Grant) -> (name: String, value: String) {
    let text = grant.secret.withBytes { bytes in
      String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
    let seconds = ConsoleAccess.sessionTime.wholeMilliseconds / 1_000
    return ("Set-Cookie", "\(name)=\(text); Path=/; Max-Age=\(seconds); \(attributes)")
  }

  static let removal = (name: "Set-Cookie", value: "\(name)=; Path=/; Max-Age=0; \(attributes)")

  private static let attributes = "HttpOnly; SameSite=Strict"
}
