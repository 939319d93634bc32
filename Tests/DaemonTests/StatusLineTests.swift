import Domain
import Execution
import Platform
import Testing

@testable import Daemon

@Suite struct `The service manager's status line` {
  @Test func `it says at once that trading has opened, and that it waits`() throws {
    var told: [String] = []
    let line = StatusLine(try EventLoop()) { told.append($0) }
    let trouble = Trouble(
      subject: .daemon, message: "the exchange's clock is not known", advice: "wait")
    line.show(mode: "live", isOpen: false) { _ in [trouble] }
    line.show(mode: "live", isOpen: true) { _ in [] }
    line.show(mode: "live", isOpen: false) { _ in [trouble] }
    #expect(told.count == 3)
    #expect(told.first?.contains("clock is not known") == true)
    #expect(told.dropFirst().first == "trading (live)")
    #expect(told.last == told.first)
  }

  @Test(arguments: [("wait", "; wait"), ("Look there.", ". Look there.")])
  func `advice that is a sentence begins one`(advice: String, end: String) {
    let trouble = Trouble(subject: .daemon, message: "it is not found", advice: advice)
    #expect(trouble.line == "it is not found" + end)
  }
}
