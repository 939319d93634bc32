import Glibc
import Platform

/// Where the operator's tool reads and writes.
package struct OperatorTerminal {
  /// Takes a text without its line end, for standard output.
  package let output: (String) -> Void
  /// The same for standard error.
  package let complaints: (String) -> Void
  /// Asks for a line of standard input, on the same line.
  package let prompt: (String) -> Void
  /// Read by `submit -` and `keys`; stays open.
  package let standardInput: CInt
  /// The columns of the terminal that reads standard output; `nil` when it is none.
  package let width: Int?
  /// Whether a person may see colours.
  package let isColoured: Bool

  package init(
    output: @escaping (String) -> Void, complaints: @escaping (String) -> Void,
    prompt: @escaping (String) -> Void = { _ in }, standardInput: CInt = STDIN_FILENO,
    width: Int? = nil, isColoured: Bool = false
  ) {
    self.output = output
    self.complaints = complaints
    self.prompt = prompt
    self.standardInput = standardInput
    self.width = width
    self.isColoured = isColoured
  }

  /// Takes everything and shows nothing.
  static var silent: OperatorTerminal {
    OperatorTerminal(output: { _ in }, complaints: { _ in })
  }

  /// The three descriptors of the process.
  package static var process: OperatorTerminal {
    let width = TerminalWidth.of(STDOUT_FILENO)
    // https://no-color.org: any text but an empty one switches colours off.
    let isPlain =
      !(Environment.value("NO_COLOR") ?? "").isEmpty
      || Environment.value("TERM") == "dumb"
    return OperatorTerminal(
      output: { OutputLine.write($0, to: STDOUT_FILENO) },
      complaints: { OutputLine.write($0, to: STDERR_FILENO) },
      prompt: { OutputLine.writeText($0, to: STDERR_FILENO) }, width: width,
      isColoured: width != nil && !isPlain)
  }
}
