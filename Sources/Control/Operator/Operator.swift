import Configuration
import JSON
package import Platform

/// The operator's tool: one command, its answer, and the exit status.
package func runOperator(
  _ arguments: [String], terminal: OperatorTerminal,
  answerTime: Duration = DaemonClient.usualAnswerTime
) -> ExitCode {
  let options: OperatorOptions
  do throws(OperatorUsageError) {
    options = try OperatorOptions.parse(arguments)
  } catch {
    let failure = ControlFailure(code: .wrongUsage, message: error.description)
    if error.json { terminal.output(failure.document.compactText()) }
    terminal.complaints(UsageMessage.text("mexc-signalctl", error.description))
    return .wrongUsage
  }
  return Operator(
    context: CommandContext(
      options: options, terminal: options.isQuiet ? .silent : terminal, answerTime: answerTime)
  ).run()
}

/// One run of the tool: leads to the command, and says why it came to no answer.
private struct Operator {
  let context: CommandContext

  func run() -> ExitCode {
    do throws(CommandFailure) {
      return try perform(context.options.action)
    } catch {
      switch error {
      case .control(let failure): return fail(failure)
      case .configuration(let invalid, let advice): return fail(invalid, advice)
      }
    }
  }

  private func perform(_ action: OperatorOptions.Action) throws(CommandFailure) -> ExitCode {
    switch action {
    case .showHelp: context.terminal.output(HelpText.all)
    case .showCommandHelp(let verb): context.terminal.output(HelpText.of(verb))
    case .showManual: context.terminal.output(OperatorManual.page.text)
    case .showCompletion(let shell): context.terminal.output(Completion.script(for: shell))
    case .showVersion: context.terminal.output("mexc-signalctl \(Version.text)")
    case .request(let request): return try RequestCommand(context: context).run(request)
    case .verify(let notedHash):
      return try VerifyCommand(context: context).run(notedHash: notedHash)
    case .adopt: return try AdoptCommand(context: context).run()
    case .doctor: return DoctorCommand(context: context).run()
    case .keys(let command): return try KeysWork.run(command, context)
    case .sign(let path, let source, let passphraseFile):
      return try SignCommand(context: context).run(path, as: source, passphraseFile: passphraseFile)
    case .submit(let path): return try SubmitCommand(context: context).run(path)
    case .dryRun(let path): return try DryRunCommand(context: context).run(path)
    case .backup(let place, let keep):
      return try BackupCommand(context: context).run(to: place, keep: keep)
    case .restore(let file): return try RestoreCommand(context: context).run(file)
    case .report(let since, let output):
      return try ReportCommand(context: context).run(since: since, output: output)
    case .follow(let report): return try FollowCommand(context: context).run(report)
    case .console(let revoke): return try ConsoleCommand(context: context).run(revoke: revoke)
    case .tail(let filter, let start):
      return try TailCommand(context: context).run(filter, from: start)
    }
    return .done
  }

  private func fail(_ failure: ControlFailure) -> ExitCode {
    if context.options.json {
      context.terminal.output(failure.document.compactText())
    } else {
      context.terminal.complaints("mexc-signalctl: \(ByteText.printable(failure.message))")
    }
    return .failed
  }

  private func fail(_ invalid: InvalidConfiguration, _ advice: String?) -> ExitCode {
    let violations = invalid.violations.map(\.description)
    for violation in violations { context.terminal.complaints(violation) }
    if context.options.json {
      let parts = violations + [advice].compactMap(\.self)
      let failure = ControlFailure(
        code: .invalidConfiguration, message: parts.joined(separator: "; "))
      context.terminal.output(failure.document.compactText())
    } else if let advice {
      context.terminal.complaints("mexc-signalctl: \(advice)")
    }
    return .invalidConfiguration
  }
}
