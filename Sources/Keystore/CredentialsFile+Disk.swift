import Glibc
package import Platform

extension CredentialsFile {
  /// Reads the file at `path`. Throws when it cannot be read, when others could read it and that is
  /// to be refused, or when it is no whole credentials file.
  package static func load(
    _ path: String, refusesExposed: Bool
  ) throws(CredentialsError) -> CredentialsFile {
    let bytes = try SecretFile.bytes(
      of: path, refusesExposed ? .closed : .open, maximum: maximumBytes)
    do throws(Flaw) {
      return try CredentialsFile(bytes)
    } catch {
      throw .file(path: path, error)
    }
  }

  /// Decrypts the content; slow. Throws when the passphrase is another one.
  package func open(
    with passphrase: Secret, path: String
  ) throws(CredentialsError) -> CredentialsContent {
    do throws(Flaw) {
      return try open(with: key(from: passphrase))
    } catch {
      throw .file(path: path, error)
    }
  }
}

/// The right to replace or remove a credentials file, held by one program at a time.
package struct CredentialsFileEditor {
  private let path: String
  private let folder: Directory
  private let name: [UInt8]
  /// What is there, where it is whole and of a version that is known.
  package let present: CredentialsFile?

  /// Takes the right. Throws when the folder cannot be opened, when another program has the right,
  /// or when something else than a credentials file has that name.
  package init(path: String) throws(CredentialsError) {
    let slash = path.lastIndex(of: "/") ?? path.startIndex
    self.path = path
    name = Array(path[path.index(after: slash)...].utf8)
    do throws(SystemError) {
      folder = try Directory(path: slash == path.startIndex ? "/" : String(path[..<slash]))
    } catch {
      throw .unwritable(path: path, reason: error.description)
    }
    guard folder.lock() else {
      throw .unwritable(path: path, reason: "another program is changing it; try again")
    }
    guard folder.contains(name) else {
      present = nil
      return
    }
    let bytes = try SecretFile.bytes(of: path, .open, maximum: CredentialsFile.maximumBytes)
    guard CredentialsFile.isMarked(bytes) else { throw .file(path: path, .foreign) }
    present = try? CredentialsFile(bytes)
  }

  /// Puts the file there, readable for its owner alone: a reader sees the old one or the new one,
  /// after a power cut too. Where root writes, `user` gets it. Throws when that fails; then the old
  /// one is there as it was.
  package func write(_ file: CredentialsFile, for user: FileOwner?) throws(CredentialsError) {
    guard file.bytes.count <= CredentialsFile.maximumBytes else {
      throw .unwritable(
        path: path, reason: "it would be too large; remove the secret of another source first")
    }
    do throws(SystemError) {
      try folder.writeWhole(name, file.bytes, mode: 0o600, owner: user)
    } catch {
      throw .unwritable(path: path, reason: error.description)
    }
  }

  /// Throws when there is none, or when it cannot be removed.
  package func remove() throws(CredentialsError) {
    guard folder.contains(name) else { throw .absent(path: path) }
    do throws(SystemError) {
      try folder.remove(name)
      try folder.sync()
    } catch {
      throw .unwritable(path: path, reason: error.description)
    }
  }
}
