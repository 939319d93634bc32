import Platform

/// What tells a file from another one of its name.
struct FileIdentity: Equatable {
  let device: UInt64
  let inode: UInt64
  let modified: Int64
  let size: Int64

  init(_ status: FileStatus) {
    device = status.device
    inode = status.inode
    modified = status.modifiedNanoseconds
    size = status.size
  }
}
