/// A file's path, cut at its last slash.
package struct PathParts: Sendable {
  /// `/` at the root, `.` without a slash.
  package let folder: String
  package let name: String

  package init(_ path: String) {
    let slash = path.lastIndex(of: "/")
    folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    name = slash.map { String(path[path.index(after: $0)...]) } ?? path
  }
}
