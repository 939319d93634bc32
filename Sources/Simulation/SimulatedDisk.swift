import CSimulatedDisk
import Store

/// The disk under the database: what is written is lost in a power cut until it is synced.
@safe
final class SimulatedDisk {
  private let disk: OpaquePointer
  let name: String
  /// The file beside the database that signals are written to.
  let intake: SimulatedIntake

  static let path = "/simulated/state.db"

  init() {
    guard let opened = unsafe simdisk_open() else { fatalError("no memory for a disk") }
    unsafe disk = unsafe opened
    name = unsafe String(cString: simdisk_name(opened))
    intake = SimulatedIntake()
  }

  deinit { unsafe simdisk_close(disk) }

  /// A disk with an empty database of the present schema, for runs that do not begin before it.
  static func makeTemplate() throws(StoreError) -> [UInt8] {
    let disk = SimulatedDisk()
    do { _ = try OrderStore(path: path, fileSystem: disk.name) }
    return disk.mainFile
  }

  var mainFile: [UInt8] {
    let size = unsafe simdisk_read(disk, nil, 0)
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      if let start = buffer.baseAddress { count = unsafe simdisk_read(disk, start, size) }
    }
  }

  func fill(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      if let start = buffer.baseAddress { unsafe simdisk_fill(disk, start, buffer.count) }
    }
  }

  /// What would be on it if the power failed now and nothing unsynced survived.
  func durableCopy() -> SimulatedDisk {
    let copy = SimulatedDisk()
    unsafe simdisk_clone_durable(disk, copy.disk)
    copy.intake.copyDurable(intake)
    return copy
  }

  func halt() {
    unsafe simdisk_halt(disk)
    intake.isHalted = true
  }

  func halt(atOperation number: Int) { unsafe simdisk_halt_at(disk, UInt32(number)) }
  var isHalted: Bool { unsafe simdisk_is_halted(disk) != 0 }
  func restart() {
    unsafe simdisk_restart(disk)
    intake.restart()
  }

  func losePower(seed: UInt64, lossPercent: Int) {
    intake.losePower(seed: seed)
    unsafe simdisk_lose_power(disk, seed, Int32(lossPercent))
  }

  enum Trouble {
    case none, full, writeFails, syncFails, syncLies
  }

  /// From the `after`-th operation on, `count` of them; 0 for good.
  func set(_ trouble: Trouble, after: Int, count: Int) {
    let code =
      switch trouble {
      case .none: SIMDISK_SOUND
      case .full: SIMDISK_FULL
      case .writeFails: SIMDISK_WRITE_FAILS
      case .syncFails: SIMDISK_SYNC_FAILS
      case .syncLies: SIMDISK_SYNC_LIES
      }
    unsafe simdisk_set_fault(disk, code, UInt32(after), UInt32(count))
  }

  var failures: Int { Int(unsafe simdisk_failures(disk)) }
  var droppedWrites: Int { Int(unsafe simdisk_dropped(disk)) }
  var tornWrites: Int { Int(unsafe simdisk_torn(disk)) }
}
