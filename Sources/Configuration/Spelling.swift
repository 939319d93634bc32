/// Guesses what somebody meant to write.
package enum Spelling {
  /// The candidate that a few slips of the keyboard away reads like `word`; the first of equals.
  package static func nearest(to word: String, among candidates: [String]) -> String? {
    let tolerance = max(1, word.count / 3)
    let scored = candidates.map { (distance(word, $0), $0) }.filter { $0.0 <= tolerance }
    return scored.min { $0.0 < $1.0 }?.1
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn one into the other
  /// (optimal string alignment).
  static func distance(_ left: String, _ right: String) -> Int {
    // Comparing hostile megabytes costs their product; no name of ours is longer.
    let left = Array(left.utf8.prefix(64))
    let right = Array(right.utf8.prefix(64))
    var before: [Int] = []
    var above = Array(0...right.count)
    for row in left.indices {
      var current = [row + 1]
      for column in right.indices {
        var best = min(above[column + 1], current[column]) + 1
        best = min(best, above[column] + (left[row] == right[column] ? 0 : 1))
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          best = min(best, before[column - 1] + 1)
        }
        current.append(best)
      }
      before = above
      above = current
    }
    return above[right.count]
  }
}
