import Daemon
import Intake
import Platform

/// A spool without a file, which takes whatever it is told.
class EmptySpool: Spool {
  var hasMore = false
  var failure: SystemError? { nil }

  func resume() {}
  func pause() {}
  func close() {}
  func forget(_ name: [UInt8]) {}
  func leaveUnfinished(_ file: SpoolFile, breaksOff: Bool) -> Bool { false }
  func claim(_ file: TakenFile) throws(SpoolError) -> [UInt8] { file.name }
  func finish(
    _ moves: [SpoolMove], replacing replaces: ([UInt8], [UInt8]) -> Bool
  ) -> [Result<[UInt8], SpoolError>] { moves.map { .success($0.file.name) } }
  func amend(
    _ name: [UInt8], in outcome: SpoolOutcome, report: [UInt8], where isMeant: ([UInt8]) -> Bool
  ) throws(SystemError) -> Bool { false }
  func writeStatus(_ name: [UInt8], _ report: [UInt8]) throws(SystemError) {}
  func removeStatus(_ name: [UInt8]) throws(SystemError) {}
  func listActive() throws(SystemError) -> (files: [[UInt8]], strays: [[UInt8]]) { ([], []) }
  func readActive(_ name: [UInt8]) throws(FileRefusal) -> [UInt8] { throw .vanished }
  func removeActive(_ name: [UInt8]) throws(SystemError) {}
}
