import Glibc

enum Corpus {
  /// What the files of a folder hold, in the order of their names; empty without the folder.
  static func files(in folder: String) -> [[UInt8]] {
    guard let directory = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted().map { contents(of: folder + "/" + $0) }
  }

  private static func contents(of path: String) -> [UInt8] {
    guard let file = unsafe fopen(path, "r") else { return [] }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe fread(&block, 1, block.count, file)
      if count == 0 { return bytes }
      bytes.append(contentsOf: block.prefix(count))
    }
  }
}

/// A file that always holds the input under way, so that it is still there after a crash.
@safe
struct KeptInput {
  private let memory: UnsafeMutableRawBufferPointer
  private let descriptor: CInt

  init?(path: String, maximumBytes: Int) {
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    // Its length, as a line of its own, stands before the input.
    let size = maximumBytes + Self.headerBytes
    guard descriptor >= 0, ftruncate(descriptor, off_t(size)) == 0,
      let start = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
      unsafe start != MAP_FAILED
    else { return nil }
    unsafe memory = UnsafeMutableRawBufferPointer(start: start, count: size)
  }

  private static let headerBytes = 8

  /// Seven digits of length, a line end, the input.
  func keep(_ input: [UInt8]) {
    var header = Array(String(input.count).utf8)
    header = Array(repeating: 0x30, count: Self.headerBytes - 1 - header.count) + header + [0x0A]
    unsafe memory.copyBytes(from: header)
    unsafe UnsafeMutableRawBufferPointer(rebasing: memory[Self.headerBytes...])
      .copyBytes(from: input)
  }
}
