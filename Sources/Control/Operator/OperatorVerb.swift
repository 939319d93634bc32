/// The commands of the tool.
package enum OperatorVerb: String, CaseIterable {
  case status, signals, orders, explain, tail, doctor
  case submit, sign, cancel
  case cancelAll = "cancel-all"
  case resolve, halt, resume, console
  case keys, adopt, verify, report, backup, restore, help, completion

  package var flags: [String] { help.options.filter { $0.value == nil }.map(\.name) }

  /// Options that are followed by a value.
  package var valued: [String] { help.options.filter { $0.value != nil }.map(\.name) }
}
