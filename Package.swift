// swift-tools-version: 6.3
import PackageDescription

/// One rule set for every Swift target: language mode 6, the upcoming features that keep imports and
/// existentials explicit, unsafe code marked line by line, and no warning tolerated.
let rules: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// A room of the house: a Swift target and the rooms that it may import.
func room(_ name: String, imports: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: imports, swiftSettings: rules)
}

func program(_ name: String, imports: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: imports, swiftSettings: rules)
}

func tests(_ name: String, of imports: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: imports, swiftSettings: rules)
}

let package = Package(
  name: "mexc-signald",
  targets: [
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .target(name: "CLinux"),

    room("Domain"),
    room("Execution", imports: ["Domain"]),
    room("Platform", imports: ["Domain", "CLinux"]),
    room("Cryptography", imports: ["Platform", "COpenSSL"]),
    room("Store", imports: ["Cryptography", "Domain", "Platform", "CSQLite"]),
    room("Transport", imports: ["Domain", "Platform", "COpenSSL"]),
    room("MEXC", imports: ["Cryptography", "Domain", "Platform", "Transport"]),
    room("Intake", imports: ["Domain", "Platform"]),
    room("SimulatedExchange", imports: ["Cryptography", "Domain", "Platform", "Transport"]),
    room(
      "Daemon",
      imports: [
        "Cryptography", "Domain", "Execution", "Platform", "Store", "Transport", "MEXC", "Intake",
        "SimulatedExchange",
      ]),

    // Never part of anything that ships: they drive the rooms above through faults.
    .target(name: "CSimulatedDisk", dependencies: ["CSQLite"]),
    room(
      "Simulation",
      imports: [
        "CSimulatedDisk", "Daemon", "Domain", "Execution", "Intake", "MEXC", "Platform",
        "SimulatedExchange", "Store", "Transport",
      ]),

    program("mexc-signald", imports: ["Daemon", "Platform"]),
    program("mexc-signalctl", imports: ["Daemon", "Platform"]),
    program("mexc-sim", imports: ["Platform", "SimulatedExchange"]),
    program("simulate", imports: ["Platform", "Simulation"]),
    program(
      "mexc-bench",
      imports: [
        "CLinux", "Cryptography", "Daemon", "Domain", "Execution", "Intake", "MEXC", "Platform",
        "SimulatedExchange", "Store", "Transport",
      ]),

    // Never shipped.
    room(
      "FuzzTargets", imports: ["Daemon", "Domain", "Intake", "MEXC", "Platform", "Transport"]),
    program("fuzz", imports: ["FuzzTargets", "Platform", "SimulatedExchange"]),

    tests("DomainTests", of: ["Domain"]),
    tests("ExecutionTests", of: ["Domain", "Execution"]),
    tests("PlatformTests", of: ["CLinux", "Domain", "Platform"]),
    tests("CryptographyTests", of: ["Cryptography"]),
    tests("StoreTests", of: ["CSQLite", "Cryptography", "Domain", "Platform", "Store"]),
    tests("TransportTests", of: ["Domain", "Platform", "Transport"]),
    tests("MEXCTests", of: ["Domain", "MEXC", "Platform", "Transport"]),
    tests("IntakeTests", of: ["Domain", "Intake", "Platform"]),
    tests(
      "SimulatedExchangeTests",
      of: ["Cryptography", "Domain", "Platform", "SimulatedExchange", "Transport"]),
    tests(
      "DaemonTests",
      of: ["Cryptography", "Daemon", "Domain", "Execution", "MEXC", "Platform", "Store"]),
    tests("FuzzTargetsTests", of: ["Domain", "FuzzTargets"]),
    tests("SimulationTests", of: ["Domain", "Simulation", "Store"]),
    tests("TidyTests", of: []),
    tests(
      "ProgramTests",
      of: ["CSQLite", "Daemon", "Domain", "Execution", "Platform", "SimulatedExchange", "Store"]),
  ]
)
