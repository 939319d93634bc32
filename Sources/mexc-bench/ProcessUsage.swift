import Domain
import Glibc
import Platform

/// What a process takes of the machine.
struct ProcessUsage {
  let residentBytes: Int
  /// The most that was ever resident.
  let peakBytes: Int
  /// The part of what is resident that no file backs: heap and stacks.
  let anonymousBytes: Int
  /// Of all threads, ended ones too, since the start.
  let processorNanoseconds: Int64
  /// How often its first thread, which turns the loop, has gone to sleep of its own accord.
  let waits: Int

  init(of identifier: pid_t) throws {
    let path = "/proc/\(identifier)"
    let content = try TextFile.read(path + "/status")
    func number(_ name: String) throws -> Int {
      for line in content.split(separator: "\n") where line.hasPrefix(name + ":") {
        let digits = line.dropFirst(name.count + 1).filter { ("0"..."9").contains($0) }
        if let number = Int(digits) { return number }
      }
      throw BenchError.failed("\(path)/status says nothing of \(name)")
    }
    // proc(5): in kB.
    residentBytes = try number("VmRSS") * 1_024
    peakBytes = try number("VmHWM") * 1_024
    anonymousBytes = try number("RssAnon") * 1_024
    waits = try number("voluntary_ctxt_switches")
    processorNanoseconds = try Self.processorTime(of: identifier)
  }

  private static func processorTime(of identifier: pid_t) throws -> Int64 {
    var clock = clockid_t()
    let result = unsafe clock_getcpuclockid(identifier, &clock)
    guard result == 0 else { throw SystemError("clock_getcpuclockid", number: result) }
    var time = timespec()
    guard unsafe clock_gettime(clock, &time) == 0 else { throw SystemError.last("clock_gettime") }
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Nanoseconds between an earlier look and this one.
  func processorTime(since earlier: ProcessUsage) -> Int64 {
    processorNanoseconds - earlier.processorNanoseconds
  }
}
