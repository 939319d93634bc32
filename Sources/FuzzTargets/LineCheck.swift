import Platform

enum LineCheck {
  private static let maximumBytes = 64

  static func check(_ input: [UInt8]) throws(Broken) {
    let whole = try read(input, cut: [])
    let cut = place(in: input)
    try require(try read(input, cut: [cut]) == whole, "cut at \(cut) there are other lines")
    try require(
      try read(input, cut: Array(0..<input.count)) == whole, "byte by byte there are other lines")
  }

  private static func read(_ input: [UInt8], cut: [Int]) throws(Broken) -> [LineInput] {
    var buffer = LineBuffer(maximumLineBytes: maximumBytes)
    var lines: [LineInput] = []
    var fed = 0
    for end in cut + [input.count] {
      buffer.append(input[fed..<end])
      fed = end
      while let line = buffer.next() { lines.append(line) }
    }
    if let line = buffer.finish() { lines.append(line) }
    let foreign = lines.firstIndex { if case .foreign = $0 { true } else { false } }
    try require(foreign == nil || foreign == lines.count - 1, "lines behind another protocol")
    for case .line(let line) in lines {
      try require(
        (1...maximumBytes).contains(line.count) && !line.contains(0x0A), "no line: \(line)")
    }
    return lines
  }
}
