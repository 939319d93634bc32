package import Platform

/// What tells a file from another one of its name.
package struct FileIdentity: Hashable, Sendable {
  let device: UInt64
  let inode: UInt64
  let modified: Int64
  let size: Int64

  package init(_ status: FileStatus) {
    device = status.device
    inode = status.inode
    modified = status.modifiedNanoseconds
    size = status.size
  }

  /// Whether it is the same file, whatever it holds by now.
  func isSameFile(as status: FileStatus) -> Bool {
    device == status.device && inode == status.inode
  }
}
