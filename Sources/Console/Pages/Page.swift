import Domain
import Platform

/// A page: what is the same for everybody, around what a script fills with what the interface answers.
struct Page {
  private let name: Route.PageName
  private let console: String
  private let token: String
  private let allowsControl: Bool

  /// `console` tells it from other consoles, for what a browser keeps.
  init(_ name: Route.PageName, of console: String, token: Secret, allowsControl: Bool) {
    self.name = name
    self.console = console
    self.token = token.withBytes { bytes in
      String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
    self.allowsControl = allowsControl
  }

  private static let links: [(path: String, title: String)] = [
    ("/", "Overview"), ("/signals", "Signals"), ("/orders", "Orders"), ("/charts", "Charts"),
    ("/config", "Configuration"), ("/submit", "Submit"),
  ]

  var reply: Reply { .text(text, .html) }

  private var text: String {
    let scripts = ["console.js", "live.js", name.script].map {
      "<script src=\"/\($0)\" defer></script>"
    }
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="csrf-token" content="\(token)">
      <title>\(name.title) – mexc-signald</title>
      <link rel="stylesheet" href="/console.css">
      \(scripts.joined(separator: "\n"))
      </head>
      <body data-page="\(name.word)" data-id="\(name.id)" data-control="\(allowsControl)"
      data-console="\(console)">
      <a class="skip" href="#main">Skip to the content</a>
      <header>
      <p class="brand">mexc-signald</p>
      <nav aria-label="Pages"><ul>\(Self.links.map(link).joined())</ul></nav>
      <p id="mode"></p>
      <p id="connection" role="status">connecting …</p>
      <button type="button" id="logout">Log out</button>
      </header>
      <main id="main" tabindex="-1">
      <h1>\(name.title)</h1>
      <div id="banner" role="alert"></div>
      \(PageBodies.text(name))
      <noscript><p class="notice bad">This page needs its script, which comes from here only; allow
      scripts for this address.</p></noscript>
      </main>
      <footer><p>Times are local: <span id="zone"></span>. Amounts are exact; on paper they are
      simulated.</p></footer>
      <dialog id="confirm" aria-labelledby="confirm-title"><form method="dialog">
      <h2 id="confirm-title">Are you sure?</h2><p id="confirm-text"></p>
      <p class="buttons"><button value="no" autofocus>No, go back</button>
      <button value="yes" class="main" id="confirm-yes">Yes</button></p></form></dialog>
      </body>
      </html>
      """
  }

  private func link(_ path: String, _ title: String) -> String {
    let current = path == name.path ? " aria-current=\"page\"" : ""
    return "<li><a href=\"\(path)\"\(current)>\(title)</a></li>"
  }

  /// For who has no session; what it says is not for a browser alone.
  static let withoutSession = Reply.text(
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>No session – mexc-signald</title>
    <link rel="stylesheet" href="/console.css">
    </head>
    <body>
    <main>
    <h1>No session</h1>
    <p>This page is for who can run the operator's tool on this machine. Run</p>
    <pre>sudo mexc-signalctl console</pre>
    <p>and open the link that it prints. It is good once, for five minutes; the session that it begins
    ends after twelve hours, or with <code>mexc-signalctl console --revoke</code>.</p>
    </main>
    </body>
    </html>
    """, .html, status: 401)
}

extension Route.PageName {
  fileprivate var title: String {
    switch self {
    case .overview: "Overview"
    case .signals: "Signals"
    case .orders: "Orders"
    case .charts: "Charts"
    case .configuration: "Configuration"
    case .submit: "Submit a signal"
    // An id is letters, digits and `. _ : -`, none of which HTML reads.
    case .story(let id): "Signal \(id)"
    }
  }

  /// The link of the navigation that leads here.
  fileprivate var path: String {
    switch self {
    case .overview: "/"
    case .signals, .story: "/signals"
    case .orders: "/orders"
    case .charts: "/charts"
    case .configuration: "/config"
    case .submit: "/submit"
    }
  }

  fileprivate var id: String {
    switch self {
    case .story(let id): id.text
    case .overview, .signals, .orders, .charts, .configuration, .submit: ""
    }
  }

  fileprivate var word: String {
    switch self {
    case .overview: "overview"
    case .signals: "signals"
    case .orders: "orders"
    case .charts: "charts"
    case .configuration: "config"
    case .submit: "submit"
    case .story: "story"
    }
  }

  fileprivate var script: String {
    switch self {
    case .signals, .orders: "lists.js"
    case .overview, .charts, .configuration, .submit, .story: word + ".js"
    }
  }
}
