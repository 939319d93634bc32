import TestKit
import Testing

@testable import Execution

@Suite struct HeapTests {
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `a heap gives what sorting gives, whatever comes between`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var heap = Heap<Int>()
    var model: [Int] = []
    for _ in 0..<400 {
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<55:
        let element = Int.random(in: 0..<60, using: &random)
        heap.insert(element)
        model.append(element)
        model.sort()
      case 55..<97: #expect(heap.removeFirst() == (model.isEmpty ? nil : model.removeFirst()))
      case _:
        let divisor = Int.random(in: 2..<6, using: &random)
        heap.removeAll { $0 % divisor == 0 }
        model.removeAll { $0 % divisor == 0 }
      }
      #expect(heap.first == model.first)
      #expect(heap.count == model.count)
      #expect(heap.isEmpty == model.isEmpty)
    }
    var rest: [Int] = []
    while let element = heap.removeFirst() { rest.append(element) }
    #expect(rest == model)
  }

  @Test func `an empty heap has nothing to give`() {
    var heap = Heap<Int>()
    #expect(heap.first == nil)
    #expect(heap.removeFirst() == nil)
    heap.insert(1)
    heap.removeAll { _ in true }
    #expect(heap.isEmpty)
    #expect(heap.removeFirst() == nil)
  }
}
