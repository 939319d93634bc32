import Configuration
import Store

/// Why a command came to no answer.
enum CommandFailure: Error {
  case control(ControlFailure)
  /// `advice` is the way that needs no file.
  case configuration(InvalidConfiguration, advice: String? = nil)

  /// What `body` reads of the database. Throws why it cannot be read.
  static func reading<Value>(
    _ body: () throws(StoreError) -> Value
  ) throws(CommandFailure) -> Value {
    do throws(StoreError) {
      return try body()
    } catch {
      throw .control(ControlFailure(error))
    }
  }
}
