import CLinux
import Configuration
import Control
import Domain
import Glibc
package import Platform

/// The console as a program: from its arguments to its exit status.
package enum ConsoleProgram {
  /// `arguments` without the program's name. `announce` takes one line when it listens.
  package static func run(
    _ arguments: [String], announce: (String) -> Void, complain: (String) -> Void
  ) -> ExitCode {
    let options: ConsoleOptions
    do throws(ConsoleOptions.UsageError) {
      options = try ConsoleOptions.parse(arguments)
    } catch {
      complain(UsageMessage.text("mexc-console", error.description))
      return .wrongUsage
    }
    switch options.action {
    case .showHelp: announce(ConsoleOptions.usage)
    case .showManual: announce(ConsoleOptions.manual.text)
    case .showVersion: announce("mexc-console \(Version.text)")
    case .serve(let path, let listen):
      switch Configuration.load(path) {
      case .failure(let invalid):
        for violation in invalid.violations { complain("\(violation)") }
        return .invalidConfiguration
      case .success(var configuration):
        if let listen { configuration.console.listen = listen }
        return serve(configuration, from: path, announce)
      }
    }
    return .done
  }

  private static func serve(
    _ configuration: Configuration, from path: String, _ announce: (String) -> Void
  ) -> ExitCode {
    let logger = Logger(configuration.log)
    defer { logger.flush() }
    // What it makes is its user's alone.
    umask(0o077)
    // One heap for all threads: each thread's own would keep what its largest answer took.
    clinux_use_one_heap()
    do {
      let loop = try EventLoop()
      var isStopped = false
      // Before any thread is made: threads inherit the blocked signals.
      let watch = try PosixSignalWatch(loop: loop) { request in
        switch request {
        case .stop: isStopped = true
        case .reload:
          logger.log(
            .notice, "a reload changes nothing here: the console reads its keys at its start")
        }
      }
      defer { watch.close() }
      let access = try ConsoleAccess(configuration)
      let server = try ConsoleServer(loop, configuration, from: path, access, logger)
      defer { server.close() }
      try access.publish(address: server.address)
      logger.log(
        .info, "mexc-console \(Version.text) serves",
        [
          LogField("listen", server.address), LogField("config", path),
          LogField("control", configuration.console.allowsControl ? "true" : "false"),
        ])
      announce("mexc-console listening on \(server.link)")
      let service = ServiceManager()
      service.ready()
      while !isStopped {
        try loop.turn()
        logger.flush()
      }
      service.stopping()
      return .done
    } catch {
      logger.log(.error, "not started: \(error)")
      return .failed
    }
  }
}
