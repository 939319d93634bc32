import Synchronization
import Testing

@testable import Simulation

@Suite("A campaign of seeds")
struct CampaignTests {
  @Test
  func `each interval of seeds a line says how far it is`() throws {
    var options = try SimulateProgram.Options(["--seeds", "3"])
    options.progressInterval = 2
    let lines = Mutex<[String]>([])
    let campaign = Campaign(
      simulator: try Simulator(), options: options, say: { _ in },
      complain: { line in lines.withLock { $0.append(line) } }, isInterrupted: { false })
    #expect(campaign.seeds() == 0)
    #expect(lines.withLock { $0 } == ["seed 2 of 3, 0 violations"])
  }

  @Test
  func `an interrupt stops after the seed that runs, with the summary so far`() throws {
    let said = Mutex<[String]>([])
    let asked = Mutex(0)
    let status = SimulateProgram.run(
      ["--seeds", "50"], say: { line in said.withLock { $0.append(line) } }, complain: { _ in },
      isInterrupted: {
        asked.withLock { count in
          count += 1
          return count > 2
        }
      })
    #expect(status == 130)
    #expect(said.withLock { $0.first?.hasPrefix("seeds 2, ") } == true)
  }

  @Test
  func `the usage says what an interrupt does`() {
    #expect(SimulateProgram.usage.contains("SIGINT (Ctrl-C)"))
    #expect(SimulateProgram.usage.contains("130"))
  }
}
