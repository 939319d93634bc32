import Glibc

/// The names of users and groups as the machine's own files have them, for messages.
///
/// getpwuid(3) may ask a directory service and wait for it; a number without a name is answer enough.
package enum AccountNames {
  /// `alice (uid 1001)`, or `uid 1001`.
  package static func user(_ id: UInt32) -> String { described(id, "uid", in: "passwd") }

  /// `traders (gid 1001)`, or `gid 1001`.
  package static func group(_ id: UInt32) -> String { described(id, "gid", in: "group") }

  /// The user that this process runs as.
  package static var ownUser: String { user(geteuid()) }

  private static func described(_ id: UInt32, _ word: String, in file: String) -> String {
    name(of: id, in: file).map { "\($0) (\(word) \(id))" } ?? "\(word) \(id)"
  }

  /// A file of accounts that is larger than this is no file of one machine.
  private static let maximumBytes = 1 << 20

  /// Both files have lines `name:password:id:…` (passwd(5), group(5)).
  private static func name(of id: UInt32, in file: String) -> String? {
    guard let folder = try? Directory(path: "/etc"),
      let content = try? folder.readRegularFile(Array(file.utf8), maximumBytes: maximumBytes)
    else { return nil }
    for line in content.bytes.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      guard fields.count > 2, UInt32(String(decoding: fields[2], as: UTF8.self)) == id else {
        continue
      }
      return ByteText.printable(fields[0])
    }
    return nil
  }
}
