import Platform

/// A file of the spool that was handed over: its name, and what tells it from another one that has taken
/// its name since.
package struct TakenFile: Hashable, Sendable {
  package let name: [UInt8]
  /// `nil` where whatever has the name is meant: to `active` nobody else adds files.
  let identity: FileIdentity?
  /// `nil` where the file was not read.
  let content: [UInt8]?

  package init(named name: [UInt8]) {
    self.name = name
    identity = nil
    content = nil
  }

  package init(_ file: SpoolFile) {
    name = file.name
    identity = file.identity
    content = try? file.content.get()
  }

  /// Whether the file of this name in `folder` is another one. One of the same content is not: only its
  /// time was set, or its producer has dropped it twice.
  func isReplaced(in folder: Directory, as name: [UInt8]) -> Bool {
    guard let identity, let status = folder.status(of: name), FileIdentity(status) != identity
    else { return false }
    guard let content else { return !identity.isSameFile(as: status) }
    let present = try? folder.readRegularFile(name, maximumBytes: content.count)
    return present?.bytes != content
  }
}
