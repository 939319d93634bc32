import Glibc

/// Whether this process may make files in a folder: the kernel's own answer, so that owners, groups,
/// access lists, read-only mounts and sandboxes are counted in.
package enum FolderAccess: Hashable, Sendable {
  case writable
  /// It is not there; the closest folder above it that is.
  case missing(above: String)
  /// Something else stands there, or on the way: a link that leads nowhere, too.
  case notFolder(String)
  case refused(SystemError)

  package static func of(_ path: String) -> FolderAccess {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      switch errno {
      case ENOENT:
        let above = closest(above: path)
        let next = next(below: above, to: path)
        return FileStatus.at(path: next)?.kind == .link ? .notFolder(next) : .missing(above: above)
      case ENOTDIR: return .notFolder(closest(above: path))
      default: return .refused(.last("stat", path))
      }
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { return .notFolder(path) }
    return canWrite(path, W_OK | X_OK).map { .refused($0) } ?? .writable
  }

  /// What keeps this process from writing to a file; nil when it may, or when there is none.
  package static func refusal(ofFile path: String) -> SystemError? {
    let refusal = canWrite(path, R_OK | W_OK)
    return refusal?.number == ENOENT ? nil : refusal
  }

  private static func canWrite(_ path: String, _ rights: CInt) -> SystemError? {
    unsafe faccessat(AT_FDCWD, path, rights, AT_EACCESS) == 0 ? nil : .last("access", path)
  }

  private static func closest(above path: String) -> String {
    var folder = path[...]
    while let slash = folder.lastIndex(of: "/"), slash > folder.startIndex {
      folder = folder[..<slash]
      if unsafe access(String(folder), F_OK) == 0 { return String(folder) }
    }
    return "/"
  }

  private static func next(below folder: String, to path: String) -> String {
    let rest = path.dropFirst(folder.count).drop { $0 == "/" }
    return String(path.dropLast(rest.count)) + rest.prefix { $0 != "/" }
  }
}
