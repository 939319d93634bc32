import Glibc
import Platform

/// The identity of the machine's present boot.
package enum BootID {
  /// A UUID and a line end.
  private static let size = 64

  /// `nil` where the system does not tell (random(4)).
  package static func read() -> String? {
    let number = unsafe open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return nil }
    let file = FileDescriptor(owning: number)
    var bytes = [UInt8](repeating: 0, count: size)
    let count = retryingInterrupts { unsafe Glibc.read(file.number, &bytes, size) }
    let text = String(
      decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return text.isEmpty ? nil : text
  }
}
