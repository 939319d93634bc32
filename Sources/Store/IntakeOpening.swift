import Glibc
import Platform

/// How a start finds the intake log. What an earlier run wrote down is read whether or not this one can
/// write more: it may be the only record of an order that has left.
struct IntakeOpening {
  /// `nil` when there is nothing to read and nothing can be written.
  let log: IntakeLog?
  /// Why the disk does not carry what this run would write.
  let failure: SystemError?
  /// That of an earlier run is gone, and with it what the database did not have.
  let isLost: Bool

  /// `boot` is `nil` where it is not known, and nothing is written. Whether the log is lost matters only
  /// if the database `isUnbroken`. Throws when a log is there and cannot be read.
  init(
    beside database: String, _ reader: StoreReader, boot: String?, isUnbroken: Bool
  ) throws(StoreError) {
    let path = IntakeFile.path(beside: database)
    let isExpected = try IntakeLog.name(in: reader) != nil
    isLost = isExpected && isUnbroken && StateFiles.size(of: path) < IntakeFile.size
    if isLost {
      // None is made before the loss is on record: a start after a crash would not see it any more.
      (log, failure) = (nil, SystemError("open", path, number: ENOENT))
      return
    }
    let opened = boot.map { _ in Self.open(path) }
    switch opened {
    case .success(let file): log = try IntakeLog(from: file, writingTo: file, reader, boot: boot)
    case .failure, nil:
      log =
        isExpected && StateFiles.exists(path)
        ? try IntakeLog(from: FormerIntakeFile(path: path), writingTo: nil, reader, boot: boot)
        : nil
    }
    if case .failure(let error) = opened { failure = error } else { failure = nil }
  }

  private static func open(_ path: String) -> Result<IntakeFile, SystemError> {
    do throws(SystemError) { return .success(try IntakeFile(path: path)) } catch {
      return .failure(error)
    }
  }
}
