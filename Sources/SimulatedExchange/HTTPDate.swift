import Domain

/// RFC 9110 §5.6.7, the preferred form.
enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  static func text(of time: WallTime) -> String {
    let seconds = time.milliseconds / 1_000
    let day = seconds / 86_400
    let (year, month, dayOfMonth) = WallTime.date(ofDay: day)
    let clock = seconds % 86_400
    let fields = [clock / 3_600, clock / 60 % 60, clock % 60].map { twoDigits($0) }
    let date = "\(twoDigits(dayOfMonth)) \(months[Int(month) - 1]) \(year)"
    return "\(days[Int(day % 7)]), \(date) \(fields.joined(separator: ":")) GMT"
  }

  private static func twoDigits(_ number: Int64) -> String {
    number < 10 ? "0\(number)" : String(number)
  }
}
