import Domain
import Execution
import Store

/// The operator's commands that are not answered yet, and a halt that the database has not taken.
final class PendingCommands {
  private struct Pending {
    let command: OperatorCommand
    let done: (CommandAnswer) -> Void
  }

  private var waiting: [CommandToken: Pending] = [:]
  private var nextToken = 1
  /// Each epoch begins with it until it is on record, or `resume` is.
  private var halt: OperatorCommand?

  /// Has the engine perform it. `driver` is `nil` while the database cannot be used, for `reason`.
  func perform(
    _ command: OperatorCommand, by driver: EngineDriver<StoreError>?, otherwise reason: StoreError?,
    _ done: @escaping (CommandAnswer) -> Void
  ) {
    let isNarrower = halt.map { command.isNarrower(than: $0) } ?? false
    if command.isHalt && !isNarrower { halt = command.joined(to: halt) }
    if let driver { return feed(command, to: driver, done) }
    let message =
      switch reason {
      case nil: "not done: the daemon is stopping"
      case let reason? where isNarrower:
        "trading is halted for sells too while this daemon runs, and stays so: \(reason)"
      case let reason? where command.isHalt:
        "trading is halted while this daemon runs, and a restart would not know of it: \(reason)"
      case let reason?: "not done: \(reason)"
      }
    done(CommandAnswer(ok: false, message: message))
  }

  private func feed(
    _ command: OperatorCommand, to driver: EngineDriver<StoreError>,
    _ done: @escaping (CommandAnswer) -> Void
  ) {
    let token = CommandToken(number: nextToken)
    nextToken += 1
    waiting[token] = Pending(command: command, done: done)
    driver.feed(.command(command, token))
  }

  func answer(_ token: CommandToken, _ answer: CommandAnswer) {
    guard let pending = waiting.removeValue(forKey: token) else { return }
    let isDecided = answer.ok && (pending.command.isHalt || pending.command == .resume)
    if isDecided, !waiting.values.contains(where: \.command.isHalt) { halt = nil }
    pending.done(answer)
  }

  /// Before anything leaves that the new epoch would send.
  func haltAgain(_ driver: EngineDriver<StoreError>?) {
    if let halt, let driver { feed(halt, to: driver) { _ in } }
  }

  /// What waits for an answer of the epoch that has ended gets none.
  func fail(_ error: StoreError) {
    let failed = waiting
    waiting = [:]
    for token in failed.keys.sorted(by: { $0.number < $1.number }) {
      failed[token]?.done(
        CommandAnswer(
          ok: false, message: "not confirmed, look at 'status' before you repeat it: \(error)"))
    }
  }
}

extension OperatorCommand {
  fileprivate var isHalt: Bool {
    switch self {
    case .halt: true
    case .resume, .endCarefulStart, .cancel, .cancelAll, .resolvePlaced, .resolveNotPlaced: false
    }
  }

  /// Whether it would let sells leave that the halt of before holds back.
  fileprivate func isNarrower(than former: OperatorCommand) -> Bool {
    guard case .halt(_, _, .buys) = self, case .halt(_, _, .all) = former else { return false }
    return true
  }

  /// That orders are to be cancelled holds on.
  fileprivate func joined(to former: OperatorCommand?) -> OperatorCommand {
    guard case .halt(let reason, let cancels, let scope) = self,
      case .halt(_, let cancelled, _) = former
    else { return self }
    return .halt(reason: reason, cancel: cancels || cancelled, scope: scope)
  }
}
