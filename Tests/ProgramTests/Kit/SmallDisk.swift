import Foundation
import Glibc
import TestKit

/// A file system of a few megabytes: one of its own where that may be mounted, else the shared
/// memory of a container, which is as small.
final class SmallDisk {
  let path: String
  private let isMounted: Bool
  private static let sharedMaximum: UInt64 = 256 << 20

  init(_ scratch: Scratch) throws {
    let own = scratch("disk")
    try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: false)
    let mount = try ChildProcess(
      "/bin/mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", own])
    isMounted = try mount.waitForEnd() == .exited(0)
    if isMounted {
      path = own
      return
    }
    path = "/dev/shm/" + (scratch.path as NSString).lastPathComponent
    let room = try FileManager.default.attributesOfFileSystem(forPath: "/dev/shm")
    guard let size = room[.systemSize] as? NSNumber, size.uint64Value <= Self.sharedMaximum else {
      throw Unusable("a small file system is needed: let the tests mount a tmpfs")
    }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit {
    if isMounted {
      _ = try? ChildProcess("/bin/umount", ["-l", path]).waitForEnd()
    } else {
      try? FileManager.default.removeItem(atPath: path)
    }
  }

  private var filler: String { path + "/filler" }

  /// Takes all the room there is, but for so many bytes.
  func fill(leaving room: Int = 0) throws {
    let number = unsafe open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard number >= 0 else { throw Unusable("open: errno \(errno)") }
    defer { close(number) }
    let block = [UInt8](repeating: 1, count: 4_096)
    while unsafe write(number, block, block.count) > 0 {}
    guard errno == ENOSPC else { throw Unusable("fill: errno \(errno)") }
    guard room == 0 || ftruncate(number, lseek(number, 0, SEEK_END) - room) == 0 else {
      throw Unusable("ftruncate: errno \(errno)")
    }
  }

  func free() throws { try FileManager.default.removeItem(atPath: filler) }
}
