import CLinux
import Glibc

/// What a watched directory reports.
package enum DirectoryEvent: Equatable, Sendable {
  /// The content of a file changed: somebody has it open for writing.
  case written(name: [UInt8])
  /// A file that was open for writing was closed.
  case closed(name: [UInt8])
  /// A file was renamed in.
  case movedIn(name: [UInt8])
  /// The mode, the owner or the times of a file were set.
  case attributesSet(name: [UInt8])
  /// More happened than the kernel's queue holds: look at everything.
  case overflowed
  /// The directory was removed, renamed or unmounted; this watch reports nothing more.
  case lost
}

/// inotify(7) on one directory.
package final class DirectoryWatch {
  /// Bounds what one turn of the loop hands over, to at most 256 files: an event takes 32 bytes or
  /// more with its name. It holds the longest name (16 + 255 + 1) many times over.
  private static let bufferBytes = 8 * 1024
  /// wd, mask, cookie and length, before the name.
  private static let headerBytes = 16
  private static let longestEventBytes = headerBytes + Int(NAME_MAX) + 1

  /// Whoever writes on into a file that was removed says nothing of the one that has its name now.
  private static let mask = UInt32(
    IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
      | IN_ONLYDIR | IN_EXCL_UNLINK)

  private let loop: EventLoop
  private let descriptor: FileDescriptor
  private let onEvent: (DirectoryEvent) -> Void
  private var isClosed = false
  /// The last turn could not report all that had happened.
  package private(set) var hasMore = false
  private var buffer = [UInt8](repeating: 0, count: bufferBytes)

  /// Watches the directory that `path` leads to now, until `close()`. Throws when the directory
  /// cannot be watched, and when the machine has no more watches to give (`isExhaustion`).
  package init(
    path: String, loop: EventLoop, onEvent: @escaping (DirectoryEvent) -> Void
  ) throws(SystemError) {
    let number = inotify_init1(CInt(IN_NONBLOCK | IN_CLOEXEC))
    guard number >= 0 else { throw SystemError.last("inotify_init1") }
    descriptor = FileDescriptor(owning: number)
    self.loop = loop
    self.onEvent = onEvent
    guard unsafe inotify_add_watch(number, path, Self.mask) >= 0
    else { throw SystemError.last("inotify_add_watch", path) }
    try loop.register(number, .read) { [weak self] _ in self?.readEvents() }
  }

  deinit { close() }

  /// Whether watching failed for want of something that the whole machine or the user's other
  /// programs share (inotify_init(2), inotify_add_watch(2)), and not because of the directory.
  package static func isExhaustion(_ error: SystemError) -> Bool {
    error.call == "inotify_init1" || [ENOSPC, ENOMEM, EMFILE, ENFILE].contains(error.number)
  }

  package func close() {
    guard !isClosed else { return }
    isClosed = true
    loop.deregister(descriptor.number)
  }

  private func readEvents() {
    let number = descriptor.number
    let count = retryingInterrupts { unsafe read(number, &buffer, buffer.count) }
    // Only what is read next sets it right: to guess would hold up whoever waits for the last one.
    hasMore = count > Self.bufferBytes - Self.longestEventBytes && isWaiting
    guard count > 0 else {
      if count < 0 && errno == EAGAIN { return }
      close()
      onEvent(.lost)
      return
    }
    var rest = buffer[..<count]
    while rest.count >= Self.headerBytes, !isClosed {
      let mask = Self.word(rest, at: 4)
      let length = Int(Self.word(rest, at: 12))
      let name = rest.dropFirst(Self.headerBytes).prefix(length).prefix { $0 != 0 }
      rest = rest.dropFirst(Self.headerBytes + length)
      report(mask, Array(name))
    }
  }

  /// Whether events wait to be read (inotify(7), FIONREAD).
  private var isWaiting: Bool {
    var bytes: CInt = 0
    return unsafe ioctl(descriptor.number, UInt(FIONREAD), &bytes) == 0 && bytes > 0
  }

  private func report(_ mask: UInt32, _ name: [UInt8]) {
    if mask & UInt32(IN_Q_OVERFLOW) != 0 {
      onEvent(.overflowed)
    } else if mask & UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT) != 0 {
      close()
      onEvent(.lost)
    } else if name.isEmpty {
      // The times or the mode of the directory itself.
      return
    } else if mask & UInt32(IN_MODIFY) != 0 {
      onEvent(.written(name: name))
    } else if mask & UInt32(IN_CLOSE_WRITE) != 0 {
      onEvent(.closed(name: name))
    } else if mask & UInt32(IN_MOVED_TO) != 0 {
      onEvent(.movedIn(name: name))
    } else if mask & UInt32(IN_ATTRIB) != 0 {
      onEvent(.attributesSet(name: name))
    }
  }

  /// The kernel's words are in the machine's order: little-endian on x86-64 and arm64.
  private static func word(_ bytes: ArraySlice<UInt8>, at offset: Int) -> UInt32 {
    let start = bytes.startIndex + offset
    var value: UInt32 = 0
    for index in (start..<start + 4).reversed() { value = value << 8 | UInt32(bytes[index]) }
    return value
  }
}
