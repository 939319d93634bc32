import Glibc

/// The room for a copy.
enum DiskRoom {
  /// What a copy leaves at the least to a daemon that writes there as well, and takes no signal without
  /// room: this, or a tenth of a small file system.
  private static let reserveMaximum: UInt = 256 << 20

  /// Throws `.full` when the copy of a database with its log does not fit into a folder; `advice` says
  /// what else than to free some space helps.
  static func require(
    forCopyOf path: String, in folder: String, _ advice: String, besideWriters: Bool
  ) throws(StoreError) {
    var status = statvfs()
    // Where the file system does not tell its room, the copy finds out.
    guard unsafe statvfs(folder, &status) == 0, status.f_blocks > 0, status.f_frsize > 0
    else { return }
    let block = UInt(status.f_frsize)
    let size = UInt(clamping: StateFiles.size(of: path) + StateFiles.size(of: path + "-wal"))
    let needed = size / block + 1
    let reserve = besideWriters ? min(reserveMaximum / block, UInt(status.f_blocks) / 10) : 0
    let free = UInt(status.f_bavail)
    guard free < needed + reserve else { return }
    throw .full(
      "\(folder) has \(kibibytes(free, block)) KiB free; a copy of \(path) takes up to "
        + "\(kibibytes(needed, block)) KiB"
        + (reserve > 0
          ? ", and \(kibibytes(reserve, block)) KiB are left to what else is written there" : "")
        + ", so none was begun; \(advice)")
  }

  private static func kibibytes(_ blocks: UInt, _ block: UInt) -> UInt {
    blocks.multipliedFullWidth(by: block).high == 0 ? blocks * block / 1_024 : .max
  }
}
