import TestKit

/// Two authorities, and a certificate of the first, for localhost unless a test wants another.
struct Authority {
  let certificate: String
  let key: String
  let file: String
  let other: String
  private let scratch: Scratch

  init(_ scratch: Scratch) throws {
    self.scratch = scratch
    certificate = scratch("server.pem")
    key = scratch("server.key")
    file = scratch("authority.pem")
    other = scratch("other.pem")
    for name in ["authority", "other"] {
      try Self.openssl(
        scratch, "req -x509 \(Self.newKey(name)) -out \(name).pem -days 30 -subj /CN=Test-\(name)"
      )
    }
    try issue()
  }

  /// Replaces the certificate. With a negative number of days its life is over.
  func issue(for names: String = "DNS:localhost,IP:127.0.0.1", days: Int = 30) throws {
    try Self.openssl(scratch, "req \(Self.newKey("server")) -out server.csr -subj /CN=localhost")
    try scratch.write("server.ext", "subjectAltName=\(names)\n")
    try Self.openssl(
      scratch,
      "x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial"
        + " -days \(days) -extfile server.ext -out server.pem")
  }

  private static func newKey(_ name: String) -> String {
    "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \(name).key"
  }

  private static func openssl(_ scratch: Scratch, _ arguments: String) throws {
    let process = try ChildProcess(
      "/bin/sh", ["-c", "cd \(scratch.path) && exec openssl \(arguments)"],
      environment: ["PATH": "/usr/bin:/bin", "HOME": scratch.path])
    guard try process.waitForEnd() == .exited(0) else {
      throw Unusable("openssl \(arguments): \(process.tail)")
    }
  }
}
