import Domain
import Foundation
import Glibc
import Platform
import Synchronization
import Testing

/// A directory of its own for one test, removed with everything in it.
final class Scratch {
  let path: String

  init() throws {
    var template = Array("/tmp/signald-test-XXXXXX".utf8CString)
    let made = unsafe mkdtemp(&template)
    try #require(unsafe made != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: file(name), atomically: false, encoding: .utf8)
    return file(name)
  }

  func folder(_ name: String) { check(unsafe mkdir(file(name), 0o700), "mkdir") }
  func fifo(_ name: String) { check(unsafe mkfifo(file(name), 0o600), "mkfifo") }
  func symbolicLink(_ name: String, to target: String) {
    check(unsafe symlink(target, file(name)), "symlink")
  }
  func hardLink(_ name: String, to target: String) {
    check(unsafe link(file(target), file(name)), "link")
  }
  func move(_ name: String, _ newName: String) {
    check(unsafe rename(file(name), file(newName)), "rename")
  }
  func remove(_ name: String) { check(unsafe Glibc.remove(file(name)), "remove") }
  func setMode(_ name: String, _ mode: mode_t) { check(unsafe chmod(file(name), mode), "chmod") }
  func setSize(_ name: String, _ size: Int) { check(unsafe truncate(file(name), size), "truncate") }

  private func check(_ result: CInt, _ call: String) {
    if result != 0 { Issue.record("\(call): errno \(errno)") }
  }
}

extension EventLoop {
  /// Turns until the condition holds; false when it does not within the time.
  func turns(within limit: Duration = .seconds(10), until condition: () -> Bool) throws -> Bool {
    let deadline = Clock.monotonic().advanced(by: limit)
    while !condition() {
      if Clock.monotonic() >= deadline { return false }
      try turn(until: deadline)
    }
    return true
  }
}

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
