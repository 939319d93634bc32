package import Domain
package import Platform

/// Removes from `done` and `rejected` what has lain there for long.
///
/// A round goes through both folders in small steps of the loop, so that a folder with a million files
/// holds up no signal and takes no memory. It removes regular files alone, by name and within the two
/// folders, and follows no link. A file is as old as its last change of content, name, mode or owner
/// (`st_ctime`): moving it here set that, and no program can set it to another time.
package final class SpoolTidying {
  /// What one round did.
  package struct Count: Hashable, Sendable {
    package internal(set) var removed = 0
    package internal(set) var failed = 0
    /// The first failure.
    package internal(set) var failure: SystemError?
  }

  /// A file whose report may still change. Others may have had its name before it, or after.
  package struct Kept {
    private let name: [UInt8]
    private let moved: ClosedRange<WallTime>

    /// When the signal came, and when it counted as over, which is when the file was moved; `nil` while its
    /// order rests, although it counted as over before.
    package init(_ name: [UInt8], receivedAt: WallTime, overAt: WallTime?) {
      self.name = name
      // The clock may have been set back by less than what stops the tidying, a folder that takes no file is waited for, and whoever
      // changes a file's owner or makes copies of the folder while the order is looked for changes its age.
      let end = overAt.map { max(receivedAt, $0).advanced(by: .seconds(8 * 86_400)) }
      moved = receivedAt.advanced(by: .seconds(-3_600))...(end ?? WallTime(milliseconds: .max))
    }

    fileprivate func holds(_ name: [UInt8], _ status: FileStatus) -> Bool {
      moved.contains(status.changed) && SpoolName.isMade(name, from: self.name)
    }
  }

  fileprivate struct Round {
    let before: () -> WallTime
    let kept: [Kept]
    let ended: (Count) -> Void
    var folders: [Directory]
    var names: [[UInt8]] = []
    var count = Count()
  }

  /// 200 removals a second at the most: each is a write to the file system, which orders share.
  private static let stepInterval = Duration.milliseconds(100)
  private static let removalsPerStep = 20

  private let path: String
  private let loop: EventLoop
  private var round: Round?
  private var timer: EventLoop.TimerID?

  /// Of the spool at `path`.
  package init(path: String, loop: EventLoop) {
    self.path = path
    self.loop = loop
  }

  deinit { close() }

  package func close() {
    if let timer { loop.cancel(timer) }
    timer = nil
    round = nil
  }

  /// Begins to remove what was last changed before `before`, which is asked with each step; nothing
  /// happens while a round is under way. The files in `keeping` and their reports stay, whatever their
  /// age: of orders that may still turn up. Throws when a folder cannot be opened.
  package func begin(
    before: @escaping () -> WallTime, keeping kept: [Kept], ended: @escaping (Count) -> Void
  ) throws(SystemError) {
    guard round == nil else { return }
    // Of its own: where a listing stands belongs to the descriptor.
    let folders = [
      try Directory(path: path + "/rejected"), try Directory(path: path + "/done"),
    ]
    round = Round(before: before, kept: kept, ended: ended, folders: folders)
    schedule()
  }

  private func schedule() {
    timer = loop.schedule(at: loop.now.advanced(by: Self.stepInterval)) { [weak self] in
      self?.step()
    }
  }

  private func step() {
    guard var current = round else { return }
    let isOver = current.step(removals: Self.removalsPerStep)
    guard isOver else {
      round = current
      return schedule()
    }
    round = nil
    timer = nil
    current.ended(current.count)
  }
}

extension SpoolTidying.Round {
  /// Looks at some names; true when there are no more.
  mutating func step(removals: Int) -> Bool {
    guard let folder = folders.last else { return true }
    if names.isEmpty {
      do throws(SystemError) {
        names = try folder.nextNames()
      } catch {
        fail(error)
      }
      if names.isEmpty {
        folders.removeLast()
        return folders.isEmpty
      }
    }
    let end = count.removed + removals
    let time = before()
    while count.removed < end, let name = names.popLast() {
      look(at: name, in: folder, changedBefore: time)
    }
    return false
  }

  private mutating func look(
    at name: [UInt8], in folder: Directory, changedBefore time: WallTime
  ) {
    guard let status = folder.status(of: name), status.kind == .regular, status.changed < time,
      !kept.contains(where: { $0.holds(name, status) })
    else { return }
    do throws(SystemError) {
      try folder.remove(name)
      count.removed += 1
    } catch {
      fail(error)
    }
  }

  private mutating func fail(_ error: SystemError) {
    count.failed += 1
    count.failure = count.failure ?? error
  }
}
