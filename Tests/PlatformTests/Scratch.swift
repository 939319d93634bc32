import Domain
import Foundation
import Glibc
import Platform
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
