import Glibc

/// The names of users and groups, for messages.
package enum Accounts {
  /// The user whose rights this process has.
  package static var ownUser: UInt32 { geteuid() }

  package static func user(_ number: UInt32) -> String {
    guard let entry = unsafe getpwuid(number) else { return "uid \(number)" }
    return unsafe ByteText.printable(String(cString: entry.pointee.pw_name))
  }

  package static func group(_ number: UInt32) -> String {
    guard let entry = unsafe getgrgid(number) else { return "gid \(number)" }
    return unsafe ByteText.printable(String(cString: entry.pointee.gr_name))
  }

  /// Whether the list of a group names a user, whatever groups this process has.
  package static func isMember(_ user: String, of group: UInt32) -> Bool {
    guard let entry = unsafe getgrgid(group), var member = unsafe entry.pointee.gr_mem
    else { return false }
    while let name = unsafe member.pointee {
      if unsafe String(cString: name) == user { return true }
      unsafe member += 1
    }
    return false
  }
}
