import Configuration

/// The settings of a daemon that takes signals of up to so many bytes.
func intake(takingUpTo bytes: Int) -> Configuration.Intake {
  var settings = Configuration().intake
  settings.maximumSignalBytes = bytes
  return settings
}
