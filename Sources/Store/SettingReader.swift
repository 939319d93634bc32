import Domain
import JSON

/// What the database holds beside the signals, one value a name; in the same form since its first schema.
struct SettingReader {
  private let statement: Statement

  init(_ database: Database) throws(SQLiteError) {
    statement = try database.prepare("read setting", "SELECT value FROM setting WHERE key = ?1")
  }

  /// `nil` when there is none. Throws when the database or the value cannot be read.
  func value<Record>(
    _ setting: Setting, _ read: (JSONValue) -> Record?
  ) throws(StoreError) -> Record? {
    let rows = try statement.rows([.text(setting.rawValue)]) { row throws(StoreError) in row.blob(0)
    }
    guard let bytes = rows.first else { return nil }
    guard let json = try? JSONReader.read(bytes), let record = read(json) else {
      throw .corrupt("setting '\(setting.rawValue)' cannot be read")
    }
    return record
  }

  /// What holds of the present, whatever was sent in the past: the halt, the back-off that the
  /// exchange demands, the use of its limits. Throws when the database cannot be read.
  func standing() throws(StoreError) -> [StoreWrite] {
    let halt = try value(.halt, HaltRecord.init)
    let ban = try value(.ban, BanRecord.init)
    let usage = try value(.rateUsage, RateUsageRecord.init)
    return [
      halt.map { .setHalt($0) }, ban.map { .setBan($0) }, usage.map { .setRateUsage($0) },
    ].compactMap(\.self)
  }
}
