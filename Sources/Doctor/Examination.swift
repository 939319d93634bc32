package import Configuration
package import Domain
import JSON
package import Keystore
package import MEXC
import Platform
import Transport

/// Whether everything is as a daemon needs it, stage by stage. Changes nothing, and places nothing.
package struct Examination {
  private let configurationPath: String
  /// What a running daemon says; `nil` when none runs.
  private let daemon: DaemonFacts?
  private let environment: CredentialEnvironment
  private let becomeDaemonUser: (Configuration) -> Void

  /// `becomeDaemonUser` is called before files are looked at, where root asks for the daemon.
  package init(
    configurationPath: String, daemon: DaemonFacts?,
    environment: CredentialEnvironment = .process,
    becomeDaemonUser: @escaping (Configuration) -> Void = { _ in }
  ) {
    self.configurationPath = configurationPath
    self.daemon = daemon
    self.environment = environment
    self.becomeDaemonUser = becomeDaemonUser
  }

  /// Every stage, in the order of their names.
  package func stages() -> [Stage] {
    switch ConfigurationFile.load(configurationPath) {
    case .failure(let invalid):
      let violations = invalid.violations.map(\.description).joined(separator: "; ")
      let first = Stage.failed(
        .configuration, violations,
        "mend the file; 'mexc-signald --config \(configurationPath) --check-config' checks it")
      return [first]
        + Stage.Name.allCases.dropFirst().map { .notChecked($0, "the configuration is not valid") }
    case .success(let file): return stages(file)
    }
  }

  private func stages(_ file: ConfigurationFile) -> [Stage] {
    let configuration = file.configuration
    // systemd gives its files to the user that it starts, and the environment is this process's own.
    let comesFirst =
      switch Keystore.Credentials.origin(configuration.credentials, environment: environment) {
      case .systemd?, .environment?: true
      case .file?, nil: false
      }
    let early = comesFirst ? key(configuration) : nil
    becomeDaemonUser(configuration)
    let key = early ?? key(configuration)
    let local = LocalExamination(file)
    let (database, backOff) = local.database(with: key.credentials, at: Clock.now())
    let first = local.configurationStage(beside: daemon?.mode)
    return [first, local.spoolStage, database]
      + exchangeStages(configuration, key, backOff)
  }

  private func key(_ configuration: Configuration) -> KeyReading {
    configuration.mode == .paper ? .notNeeded : .read(configuration, environment)
  }

  // MARK: The exchange

  private func exchangeStages(
    _ configuration: Configuration, _ key: KeyReading, _ backOff: BanRecord?
  ) -> [Stage] {
    let isAtWork = daemon?.mode == configuration.mode.rawValue
    let wish = ExchangeJudgement.Wish(
      mode: configuration.mode, receiveWindow: configuration.exchange.receiveWindow,
      allowsWithdrawKeys: configuration.credentials.allowsWithdrawKeys,
      symbols: configuration.risk.symbols.list)
    // The database knows what brought it about, and the daemon tells only until when it lasts. It is of
    // this machine's address, whatever mode the daemon is in.
    let facts = Self.facts(
      configuration, key.credentials, backOff: backOff ?? daemon?.backOff,
      rules: isAtWork ? .askedInDoubt : .asked)
    let withoutKey = key.credentials == nil ? "there is no usable API key" : nil
    var stages =
      [key.stage] + ExchangeJudgement(facts, wish, withoutKey: withoutKey).stages
    if isAtWork, let daemon {
      if key.isMissing { stages = daemon.standingIn(for: stages, wish) }
      stages = stages.map(daemon.addingSymbols)
    }
    let sources = SourceExamination(configuration, environment, isAtWork: isAtWork).stage
    return stages.map { stage in
      stage.name == .credentials ? sources.map(stage.adding) ?? stage : stage
    }
  }

  /// What the exchange says of these credentials; nothing is asked within a back-off.
  package static func facts(
    _ configuration: Configuration, _ credentials: MEXC.Credentials?, backOff: BanRecord?,
    rules: ExchangeProbe.Rules
  ) -> ExchangeFacts {
    var facts = ExchangeFacts(endpoint: configuration.exchange.restURL)
    if let backOff {
      facts.backOff = backOff
      return facts
    }
    do {
      let endpoint = try Endpoint(configuration.exchange.restURL)
      let tls =
        endpoint.scheme.isSecure
        ? try TLSContext(client: configuration.exchange.caFile.map { .file($0) } ?? .system) : nil
      let settings = ExchangeProbe.Settings(
        endpoint: endpoint, tls: tls, receiveWindow: configuration.exchange.receiveWindow,
        symbols: configuration.risk.symbols.list, rules: rules)
      return try ExchangeProbe.facts(settings, credentials)
    } catch {
      facts.clock = .failed(.unreadable("\(error)"))
      return facts
    }
  }
}

extension DaemonFacts {
  fileprivate var backOff: BanRecord? {
    backOffUntil.map {
      BanRecord(until: $0, wait: .zero, isBan: false, reason: "the running daemon was told so")
    }
  }

  /// The daemon was given a key that this process was not: what it says of it stands for our own look.
  fileprivate func standingIn(
    for stages: [Stage], _ wish: ExchangeJudgement.Wish
  ) -> [Stage] {
    var told: [Stage.Name: Stage] = [
      .credentials: .ok(
        .credentials, "none where this command runs; the running daemon has its own")
    ]
    if let key {
      var facts = ExchangeFacts(endpoint: "")
      facts.account = .answered(AccountRights(canTrade: nil))
      facts.key = .answered(key)
      let judgement = ExchangeJudgement(facts, wish)
      told[.authentication] = judgement.authentication
      told[.permissions] = judgement.permissions
      told[.symbols] = .ok(.symbols, "as the running daemon was told")
    }
    return stages.map { told[$0.name] ?? $0 }
  }

  /// The daemon knows the symbols' rules.
  fileprivate func addingSymbols(_ stage: Stage) -> Stage {
    let known = problems.filter { $0.subject == "symbol" }
    guard stage.name == .symbols, stage.isOK, !known.isEmpty else { return stage }
    var findings = Findings()
    for problem in known { findings.fail(problem.message, problem.advice) }
    return findings.stage(.symbols)
  }
}
