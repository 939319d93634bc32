/// Stops the program when our own reasoning is wrong; input from outside never gets here.
///
/// `precondition` loses its message in release builds and `assert` disappears; this keeps both.
@inline(__always)
package func invariant(
  _ condition: Bool, _ reason: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  guard condition else { fatalError("invariant broken: \(reason())", file: file, line: line) }
}
