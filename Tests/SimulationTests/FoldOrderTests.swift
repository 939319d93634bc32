import Domain
import Testing

@testable import Simulation
@testable import Store

/// The log is folded into the file only after it was synced.
@Suite struct FoldOrderTests {
  /// Some of these commits make the log long enough to be folded.
  @Test(arguments: 1...8)
  func `a sync that fails once is told by the commit that it belongs to`(failing: Int) throws {
    let disk = SimulatedDisk()
    let store = try OrderStore(path: SimulatedDisk.path, fileSystem: disk.name, boot: "one")
    let reason = String(repeating: "x", count: 1_000_000)
    for number in 1..<failing {
      try store.write(.setHalt(HaltRecord(reason: "\(number) \(reason)", since: noon)))
      try store.commit()
      store.catchUp()
    }
    try store.write(.setHalt(HaltRecord(reason: "last \(reason)", since: noon)))
    disk.set(.syncFails, after: 1, count: 1)
    #expect(throws: StoreError.self) { try store.commit() }
    #expect(disk.failures == 1)
  }

  private let noon = WallTime(milliseconds: 1_790_000_000_000)
}
