/// A binary heap: the smallest element is at hand, whatever their number.
struct Heap<Element: Comparable & Sendable>: Sendable {
  private var elements: [Element] = []

  var first: Element? { elements.first }
  var isEmpty: Bool { elements.isEmpty }
  var count: Int { elements.count }

  mutating func insert(_ element: Element) {
    elements.append(element)
    var child = elements.endIndex - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard elements[child] < elements[parent] else { return }
      elements.swapAt(child, parent)
      child = parent
    }
  }

  @discardableResult
  mutating func removeFirst() -> Element? {
    guard let first = elements.first, let last = elements.popLast() else { return nil }
    guard !elements.isEmpty else { return first }
    elements[0] = last
    sink()
    return first
  }

  /// Costs as much as there are.
  mutating func removeAll(where isOver: (Element) -> Bool) {
    elements.removeAll(where: isOver)
    for index in (0..<elements.count / 2).reversed() { sink(from: index) }
  }

  private mutating func sink(from index: Int = 0) {
    var parent = index
    while true {
      let left = 2 * parent + 1
      guard left < elements.endIndex else { return }
      let right = left + 1
      let child =
        right < elements.endIndex && elements[right] < elements[left] ? right : left
      guard elements[child] < elements[parent] else { return }
      elements.swapAt(child, parent)
      parent = child
    }
  }
}
