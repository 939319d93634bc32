import Domain

/// Every path that there is: no path is ever looked for on the disk.
enum Route: Hashable {
  enum PageName: Hashable {
    case overview, signals, orders, charts, configuration, submit
    case story(SignalID)
  }

  /// What only looks.
  enum Question: Hashable {
    case session, status, signals, orders, configuration, charts
    case story(SignalID)
  }

  enum Command: String, CaseIterable {
    case testCredentials = "credentials/test"
    /// The same by another name.
    case testExchangeCredentials = "mexc/test-credentials"
    case setCredentials = "credentials"
    case check, submit, halt, resume, cancel, resolve
    case logOut = "logout"
  }

  case login
  case style
  case script(Int)
  case page(PageName)
  case read(Question)
  case events
  case write(Command)

  /// `path` as it came; nil when there is nothing at it.
  init?(_ path: String) {
    if let route = Self.fixed[path] {
      self = route
    } else if let id = Self.id(path, below: "/api/signals/") {
      self = .read(.story(id))
    } else if let id = Self.id(path, below: "/signals/") {
      self = .page(.story(id))
    } else {
      return nil
    }
  }

  private static let fixed: [String: Route] = {
    var routes: [String: Route] = [
      "/login": .login, "/console.css": .style, "/": .page(.overview),
      "/signals": .page(.signals), "/orders": .page(.orders), "/charts": .page(.charts),
      "/config": .page(.configuration), "/submit": .page(.submit),
      "/api/session": .read(.session), "/api/status": .read(.status),
      "/api/signals": .read(.signals), "/api/orders": .read(.orders),
      "/api/configuration": .read(.configuration), "/api/charts": .read(.charts),
      "/api/events": .events,
    ]
    for command in Command.allCases { routes["/api/" + command.rawValue] = .write(command) }
    for (index, script) in Assets.scripts.enumerated() {
      routes["/" + script.name] = .script(index)
    }
    return routes
  }()

  private static func id(_ path: String, below folder: String) -> SignalID? {
    guard path.hasPrefix(folder) else { return nil }
    return Query.decoded(path.dropFirst(folder.count)).flatMap { SignalID($0) }
  }

  var method: String {
    switch self {
    case .login, .style, .script, .page, .read, .events: "GET"
    case .write: "POST"
    }
  }
}
