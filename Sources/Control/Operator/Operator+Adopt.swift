import Configuration
import Doctor
import Domain
import Glibc
import JSON
import Platform
import Store

/// The operator's word that the database belongs to the mode and the account of the configuration.
/// Only while no daemon runs.
extension Operator {
  func adopt() throws(Failure) -> ExitCode {
    let path = options.configurationPath ?? Configuration.standardPath
    let configuration = try configuration() ?? Configuration()
    let result: Result<String, DatabaseOwnership.Objection>
    do throws(StoreError) {
      try becomeOwner(of: configuration.store.path)
      let store = try OrderStore(path: configuration.store.path)
      result = try DatabaseOwnership(configuration, from: path, keyDigest: nil)
        .adopt(store, at: Clock.now().wall)
    } catch {
      throw .control(ControlFailure(code: .storageUnavailable, message: error.description))
    }
    switch result {
    case .failure(let objection):
      throw .control(ControlFailure(code: .refused, message: objection.text))
    case .success(let text):
      let message = "\(configuration.store.path): \(text)"
      let document: JSONValue = ["ok": true, "message": .string(message)]
      terminal.output(options.json ? document.compactText() : ByteText.printable(message))
      return .done
    }
  }

  /// Files that root would make beside the database, the daemon's user could not open.
  private func becomeOwner(of path: String) throws(StoreError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else {
      throw .unusablePath(
        errno == ENOENT
          ? "there is none at \(path) yet; the daemon's first start makes it and takes it"
          : unsafe "\(path): \(String(cString: strerror(errno)))")
    }
    guard geteuid() == 0, status.st_uid != 0 else { return }
    guard setegid(status.st_gid) == 0, seteuid(status.st_uid) == 0 else {
      throw .unusablePath(unsafe "become its user: \(String(cString: strerror(errno)))")
    }
  }
}
