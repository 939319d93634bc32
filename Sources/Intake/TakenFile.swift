package import Domain
import Platform

/// A file of the spool that was handed over: its name, and what tells it from another one that has taken
/// its name since.
package struct TakenFile: Hashable, Sendable {
  package let name: [UInt8]
  /// `nil` where whatever has the name is meant: to `active` nobody else adds files.
  let identity: FileIdentity?
  /// `nil` where the file was not read.
  package let content: [UInt8]?
  /// When it was last changed, by this machine's clock; `nil` where nobody looked.
  package let arrivedAt: WallTime?

  package init(named name: [UInt8]) {
    self.name = name
    identity = nil
    content = nil
    arrivedAt = nil
  }

  package init(_ file: SpoolFile) {
    name = file.name
    identity = file.identity
    content = try? file.content.get()
    arrivedAt = file.arrivedAt
  }

  /// Whether the file of this name in `folder` is surely another one. One of the same content is not:
  /// only its time was set, or its producer has dropped it twice.
  func isReplaced(in folder: Directory, as name: [UInt8]) -> Bool {
    guard let identity, let status = folder.status(of: name), FileIdentity(status) != identity
    else { return false }
    return !holdsContent(in: folder, as: name, status)
  }

  /// The same, judged by the content in any case: a file system's clock may stand still for some
  /// milliseconds.
  func isAnother(in folder: Directory, as name: [UInt8]) -> Bool {
    guard identity != nil, let status = folder.status(of: name) else { return false }
    return !holdsContent(in: folder, as: name, status)
  }

  private func holdsContent(
    in folder: Directory, as name: [UInt8], _ status: FileStatus
  ) -> Bool {
    let isSameFile = identity?.isSameFile(as: status) ?? true
    guard let content else { return isSameFile }
    do throws(FileRefusal) {
      return try folder.readRegularFile(
        name, maximumBytes: content.count, status: status
      ).bytes == content
    } catch {
      switch error {
      case .tooLarge, .changedWhileRead: return false
      // It was read before; its mode or its links may have changed since.
      case .notRegular, .linked, .forbidden, .openForWriting, .vanished, .system: return isSameFile
      }
    }
  }
}
