import Configuration

/// Why a command came to no answer.
enum CommandFailure: Error {
  case control(ControlFailure)
  case configuration(InvalidConfiguration)
}
