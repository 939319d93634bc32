/// Who sent a line.
package struct LineSender: Sendable {
  let name: String
  let user: UInt32

  package init(name: String, user: UInt32) {
    self.name = name
    self.user = user
  }
}
