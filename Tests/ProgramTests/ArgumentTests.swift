import Testing

/// What the programs say to the same mistake.
@Suite struct ArgumentTests {
  @Test(arguments: [BuiltProgram.daemon, .control, .console])
  func `an option that takes no value says so`(_ program: BuiltProgram) throws {
    let process = try ChildProcess(program.path, ["--version=1"])
    #expect(try process.waitForEnd() == .exited(2))
    let name = program.rawValue
    #expect(process.lines == ["\(name): --version takes no value; see '\(name) --help'"])
  }
}
