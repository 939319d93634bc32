package import Configuration
package import Platform

/// What the arguments of the console ask for.
package struct ConsoleOptions: Equatable, Sendable {
  package enum Action: Equatable, Sendable {
    /// `listen` stands in for the configuration's place.
    case serve(configuration: String, listen: ListenAddress?)
    case showVersion
    case showHelp
    case showManual
  }

  /// Wrong usage: one line that says what is wrong.
  package struct UsageError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
  }

  package var action: Action

  package static let usage = """
    Usage: mexc-console --config FILE [--listen ADDRESS:PORT | --listen unix:/PATH]
           mexc-console --version | --manual | --help

      --config FILE    the daemon's configuration
      --listen PLACE   instead of console.listen: a loopback address and a port (0: any that is
                       free), or a Unix socket
      --version        print the version
      --manual         print the manual page, for 'man -l -'
      --help           print this text

    It prints one line when it listens. 'mexc-signalctl console' prints the link that opens it.
    Exit status: 0 done, 1 failed, 2 wrong usage, 78 wrong configuration.
    """

  package static var manual: ManualPage {
    ManualPage(
      name: "mexc-console", number: 8, summary: "a page about what mexc-signald does", help: usage,
      seeAlso: "mexc-signald(8), mexc-signalctl(1), mexc-signald.json5(5)")
  }

  private static let flags = ["--version", "--manual", "--help"]
  private static let valued = ["--config", "--listen"]

  /// Reads the arguments, without the program's name. Throws what is wrong with them, in words for the
  /// person who typed them.
  package static func parse(_ arguments: [String]) throws(UsageError) -> ConsoleOptions {
    var values: [String: String] = [:]
    var given: Set<String> = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let name = argument == "-h" ? "--help" : String(argument.prefix { $0 != "=" })
      let attached = argument.firstIndex(of: "=").map {
        String(argument[argument.index(after: $0)...])
      }
      if valued.contains(name) {
        guard let value = attached ?? rest.popFirst(), !value.isEmpty
        else { throw UsageError(description: "\(name) needs a value") }
        guard values.updateValue(value, forKey: name) == nil
        else { throw UsageError(description: "\(name) is given twice") }
      } else if flags.contains(name) {
        if attached != nil { throw UsageError(description: "\(name) takes no value") }
        given.insert(name)
      } else {
        throw unknown(name)
      }
    }
    return ConsoleOptions(action: try action(given, values))
  }

  private static func action(
    _ given: Set<String>, _ values: [String: String]
  ) throws(UsageError) -> Action {
    if given.contains("--help") { return .showHelp }
    if given.contains("--version") { return .showVersion }
    if given.contains("--manual") { return .showManual }
    guard let path = values["--config"] else {
      throw UsageError(description: "--config FILE is missing")
    }
    guard let place = values["--listen"] else { return .serve(configuration: path, listen: nil) }
    guard let address = ListenAddress(place) else {
      throw UsageError(
        description: "--listen\(UsageMessage.shown(place)) is no such address: write a loopback "
          + "address and a port, as 127.0.0.1:8712, or unix:/PATH")
    }
    return .serve(configuration: path, listen: address)
  }

  private static func unknown(_ name: String) -> UsageError {
    let text = "unknown option\(UsageMessage.shown(name))"
    let near = Spelling.nearest(to: name, among: flags + valued)
    return UsageError(description: near.map { "\(text); did you mean \($0)?" } ?? text)
  }
}
