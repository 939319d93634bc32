import Glibc
import Platform

/// The identity of the machine's present boot: a UUID.
package enum BootID {
  /// A UUID and a line end.
  private static let size = 64
  /// In which the service manager passes it on (`%b`, systemd.unit(5)) to a service that does not see
  /// /proc/sys.
  static let variable = "MEXC_BOOT_ID"

  /// `nil` where nobody tells: neither the system (random(4)) nor the service manager.
  package static func read() -> String? {
    let passed = unsafe getenv(variable).map { unsafe String(cString: $0) }
    return read(from: "/proc/sys/kernel/random/boot_id") ?? passed.flatMap(read(passed:))
  }

  static func read(from path: String) -> String? {
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return nil }
    let file = FileDescriptor(owning: number)
    var bytes = [UInt8](repeating: 0, count: size)
    let count = retryingInterrupts { unsafe Glibc.read(file.number, &bytes, size) }
    let text = String(
      decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return text.isEmpty ? nil : text
  }

  /// In the kernel's form, with hyphens; `nil` for what is no 128 bits in hexadecimal digits.
  static func read(passed text: String) -> String? {
    let digits = text.lowercased().filter { $0 != "-" }
    guard digits.count == 32, digits.allSatisfy(\.isHexDigit) else { return nil }
    var rest = digits[...]
    return [8, 4, 4, 4, 12].map { length in
      defer { rest = rest.dropFirst(length) }
      return String(rest.prefix(length))
    }.joined(separator: "-")
  }
}
