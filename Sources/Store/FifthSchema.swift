extension Migrations {
  /// Under which boot of the machine a signal was taken (/proc/sys/kernel/random/boot_id): an order
  /// that is not on record as armed provably never left while that boot lasts. NULL, as in rows of
  /// older programs, proves nothing.
  static let fifthSchema = "ALTER TABLE signal ADD COLUMN boot TEXT;"
}
