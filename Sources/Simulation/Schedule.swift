/// What is to happen, by its time; together at one time, in the order in which it was planned.
struct Schedule {
  struct Item {
    let time: Int64
    let number: Int
    let action: () -> Void
  }

  private var items: [Item] = []
  private var next = 0

  var first: Int64? { items.first?.time }

  private static func precedes(_ left: Item, _ right: Item) -> Bool {
    (left.time, left.number) < (right.time, right.number)
  }

  mutating func add(at time: Int64, _ action: @escaping () -> Void) {
    items.append(Item(time: time, number: next, action: action))
    next += 1
    var child = items.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard Self.precedes(items[child], items[parent]) else { return }
      items.swapAt(child, parent)
      child = parent
    }
  }

  mutating func removeFirst() -> Item? {
    guard let first = items.first, let last = items.popLast() else { return nil }
    if items.isEmpty { return first }
    items[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
        if Self.precedes(items[child], items[least]) { least = child }
      }
      if least == parent { return first }
      items.swapAt(parent, least)
      parent = least
    }
  }
}
