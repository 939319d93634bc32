extension Migrations {
  /// The tables stay. An order that is not on record as armed can be one that was not found: no program
  /// of before reads such a history.
  static let ninthSchema = ""
}
