package import Platform

extension Logger {
  /// As the configuration says, and for whatever stands behind standard error.
  package convenience init(_ log: Configuration.Log) {
    let format: LogFormat =
      switch log.format {
      case .auto: Logger.suitableFormat()
      case .journal: .journal
      case .logfmt: .logfmt
      case .json: .json
      }
    self.init(level: log.level, format: format, journal: Self.journal(format))
  }

  /// Only where standard error is the journal's as well: a format that was asked for elsewhere is for
  /// whoever reads it there.
  private static func journal(_ format: LogFormat) -> JournalWriter? {
    switch format {
    case .journal: Logger.suitableFormat() == .journal ? try? JournalWriter() : nil
    case .logfmt, .json: nil
    }
  }
}
