import Glibc

extension SystemError {
  /// Whether the machine refuses what is at `path` for a reason that no setting is at fault for, and that
  /// may pass.
  package func mayPass(at path: String) -> Bool {
    switch number {
    case EIO, EMFILE, ENFILE, ENOMEM: true
    case EROFS: Self.isReadOnlyAsAWhole(path)
    default: false
    }
  }

  /// Whether the file system itself is read-only, which the kernel makes it when its disk fails. A
  /// sandbox only mounts one that is not.
  private static func isReadOnlyAsAWhole(_ path: String) -> Bool {
    let number = unsafe open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard number >= 0 else { return false }
    let place = FileDescriptor(owning: number)
    // proc_pid_fdinfo(5) names the mount, proc_pid_mountinfo(5) begins with that name and ends with the
    // options of the file system.
    guard
      let mount = ProcessFacts.read("/proc/self/fdinfo/\(place.number)")?.split(separator: "\n")
        .first(where: { $0.hasPrefix("mnt_id:") })?.split(whereSeparator: \.isWhitespace).last,
      let line = ProcessFacts.read("/proc/self/mountinfo")?.split(separator: "\n")
        .first(where: { $0.hasPrefix(mount + " ") })
    else { return false }
    return line.split(separator: " ").last?.split(separator: ",").contains("ro") == true
  }
}
