import Glibc
import Synchronization
import Testing

/// Both ends of something, closed with the test.
final class Pair {
  let near: CInt
  let far: CInt
  private var open: Set<CInt>

  private init(_ numbers: [CInt]) {
    near = numbers[0]
    far = numbers[1]
    open = Set(numbers)
  }

  /// Written at `near`, read at `far`.
  static func pipe() throws -> Pair {
    var numbers: [CInt] = [0, 0]
    try #require(unsafe Glibc.pipe(&numbers) == 0)
    return Pair([numbers[1], numbers[0]])
  }

  static func socket(_ kind: __socket_type = SOCK_STREAM) throws -> Pair {
    var numbers: [CInt] = [0, 0]
    try #require(unsafe socketpair(AF_UNIX, CInt(kind.rawValue), 0, &numbers) == 0)
    return Pair(numbers)
  }

  func close(_ number: CInt) {
    if open.remove(number) != nil { Glibc.close(number) }
  }

  deinit { for number in open { Glibc.close(number) } }
}

/// What can be read now without waiting.
func available(_ number: CInt) -> String {
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 64 * 1024)
  while true {
    var question = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&question, 1, 0) == 1 else { break }
    let count = unsafe read(number, &buffer, buffer.count)
    guard count > 0 else { break }
    bytes += buffer[..<count]
  }
  return String(decoding: bytes, as: UTF8.self)
}

/// A flag that another thread reads.
final class Flag: Sendable {
  private let value = Atomic(false)

  var isSet: Bool { value.load(ordering: .sequentiallyConsistent) }
  func set() { value.store(true, ordering: .sequentiallyConsistent) }
}

/// Numbers in the order in which they came, from any thread.
final class Order: Sendable {
  private let value = Mutex<[Int]>([])

  var numbers: [Int] { value.withLock { $0 } }
  func append(_ number: Int) { value.withLock { $0.append(number) } }
}
