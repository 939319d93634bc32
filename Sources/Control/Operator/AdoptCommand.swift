import Configuration
import Doctor
import Domain
import Glibc
import JSON
import Platform
import Store

/// The operator's word that the database belongs to the mode and the account of the configuration.
/// Only while no daemon runs.
struct AdoptCommand {
  let context: CommandContext

  func run() throws(CommandFailure) -> ExitCode {
    let configuration = try context.settings()
    let result: Result<String, DatabaseOwnership.Objection>
    do throws(StoreError) {
      try becomeOwner(of: configuration.store.path)
      let store = try OrderStore(path: configuration.store.path)
      result = try DatabaseOwnership(configuration, from: context.configurationPath, keyDigest: nil)
        .adopt(store, at: Clock.now().wall)
      try store.noteCleanStop()
    } catch {
      throw .control(ControlFailure(error))
    }
    switch result {
    case .failure(let objection):
      throw .control(ControlFailure(code: .refused, message: objection.text))
    case .success(let text):
      let message = "\(configuration.store.path): \(text)"
      let document: JSONValue = ["ok": true, "message": .string(message)]
      context.show(document, ByteText.printable(message))
      return .done
    }
  }

  /// Files that root would make beside the database, the daemon's user could not open.
  private func becomeOwner(of path: String) throws(StoreError) {
    if let refusal = StoreError.refusal(ofReading: path) { throw refusal }
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else {
      throw .unusablePath(
        errno == ENOENT
          ? "there is none at \(path) yet; the daemon's first start makes it and takes it"
          : unsafe "\(path): \(String(cString: strerror(errno)))")
    }
    do throws(SystemError) {
      try FileOwner(user: status.st_uid, group: status.st_gid).become()
    } catch {
      throw .unusablePath(unsafe "become its user: \(String(cString: strerror(error.number)))")
    }
  }
}
