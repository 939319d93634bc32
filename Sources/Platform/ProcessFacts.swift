import Glibc

/// What the process takes of the machine, for status and benchmarks.
package enum ProcessFacts {
  /// Bytes of memory in use now; nil where /proc is not mounted.
  package static func residentBytes() -> Int? {
    guard let text = read("/proc/self/statm") else { return nil }
    // proc(5): total, resident, …, in pages.
    let fields = text.split(separator: " ")
    guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
    return pages * sysconf(CInt(_SC_PAGESIZE))
  }

  /// Open file descriptors; nil where /proc is not mounted.
  package static func openDescriptors() -> Int? {
    do throws(SystemError) {
      // One of them is the listing's own.
      return try Directory(path: "/proc/self/fd").names().count - 1
    } catch {
      return nil
    }
  }

  /// The text of /proc/self/cgroup; nil where /proc is not mounted.
  static func controlGroup() -> String? { read("/proc/self/cgroup") }

  /// A text of /proc; nil where it is not mounted.
  static func read(_ path: String) -> String? {
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return nil }
    let file = FileDescriptor(owning: number)
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = retryingInterrupts { unsafe Glibc.read(file.number, &buffer, buffer.count) }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      text += buffer[..<count]
    }
    return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
  }
}
