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
  // Each function by itself, so that the linker can put it where it is told.
  .unsafeFlags(["-Xfrontend", "-function-sections"], .when(configuration: .release)),
]

/// The functions that a signal runs through lie side by side in the daemon (scripts/link-order): between
/// two signals the processor's caches lose all of them, and finding each on a page of its own takes long.
let order = "\(Context.packageDirectory)/scripts/lib/link-order/functions.order"
let sideBySide: [LinkerSetting] = [
  .unsafeFlags(
    [
      "-use-ld=lld", "-Xlinker", "--symbol-ordering-file=\(order)",
      // The list may name what is not there any more.
      "-Xlinker", "--no-warn-symbol-ordering",
    ], .when(configuration: .release))
]

/// A module: a Swift target and the modules that it may import.
func module(_ name: String, imports: [Target.Dependency] = []) -> Target {
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

    module("JSON"),
    module("Domain", imports: ["JSON"]),
    module("Execution", imports: ["Domain", "JSON"]),
    module("Platform", imports: ["Domain", "CLinux"]),
    module("Cryptography", imports: ["Platform", "COpenSSL"]),
    module("Store", imports: ["CSQLite", "Cryptography", "Domain", "JSON", "Platform"]),
    module("Transport", imports: ["Domain", "Platform", "COpenSSL"]),
    module("MEXC", imports: ["Cryptography", "Domain", "JSON", "Platform", "Transport"]),
    module("Intake", imports: ["Domain", "JSON", "Platform"]),
    module("Configuration", imports: ["Domain", "JSON", "Platform"]),
    module("Keystore", imports: ["Configuration", "Cryptography", "Domain", "Platform"]),
    module(
      "Doctor",
      imports: [
        "Configuration", "Domain", "JSON", "Keystore", "MEXC", "Platform", "Store", "Transport",
      ]),
    module(
      "Control",
      imports: [
        "Configuration", "Cryptography", "Doctor", "Domain", "JSON", "Keystore", "Platform",
        "Store",
      ]),
    module(
      "Console",
      imports: [
        "CLinux", "Configuration", "Control", "Cryptography", "Doctor", "Domain", "Intake", "JSON",
        "Keystore", "Platform", "Store", "Transport",
      ]),
    module("Matching", imports: ["Domain"]),
    module(
      "SimulatedExchange",
      imports: ["Cryptography", "Domain", "JSON", "Matching", "Platform", "Transport"]),
    module(
      "Daemon",
      imports: [
        "Configuration", "Control", "Cryptography", "Doctor", "Domain", "Execution", "Intake",
        "JSON", "Keystore", "MEXC", "Matching", "Platform", "Store", "Transport",
      ]),

    // Never part of anything that ships: they drive the modules above through faults.
    .target(name: "CSimulatedDisk", dependencies: ["CSQLite"]),
    module(
      "Simulation",
      imports: [
        "CSimulatedDisk", "Configuration", "Daemon", "Domain", "Execution", "Intake", "JSON",
        "MEXC", "Matching", "Platform", "SimulatedExchange", "Store", "Transport",
      ]),

    .executableTarget(
      name: "mexc-signald", dependencies: ["Daemon", "Platform"], swiftSettings: rules,
      linkerSettings: sideBySide),
    program("mexc-signalctl", imports: ["Control", "Platform"]),
    program("mexc-console", imports: ["Console", "Platform"]),
    program("mexc-sim", imports: ["Platform", "SimulatedExchange"]),
    program("simulate", imports: ["Platform", "Simulation"]),
    program(
      "mexc-bench",
      imports: [
        "CAllocations", "CLinux", "Configuration", "Cryptography", "Daemon", "Domain", "Execution",
        "Intake", "JSON", "MEXC", "Matching", "Platform", "SimulatedExchange", "Store", "Transport",
      ]),

    .target(name: "CAllocations"),
    .executableTarget(name: "mexc-bench-reference", dependencies: ["COpenSSL", "CSQLite"]),

    // Never shipped. TestKit is what tests of several modules share.
    module("TestKit", imports: ["Domain", "Matching", "Platform"]),
    module(
      "FuzzTargets",
      imports: [
        "Configuration", "Control", "Domain", "Intake", "JSON", "MEXC", "Platform", "Transport",
      ]),
    program("fuzz", imports: ["FuzzTargets", "Matching", "Platform"]),

    tests("JSONTests", of: ["JSON", "TestKit"]),
    tests("DomainTests", of: ["Domain", "JSON", "TestKit"]),
    tests("ExecutionTests", of: ["Domain", "Execution", "TestKit"]),
    tests("PlatformTests", of: ["CLinux", "Domain", "JSON", "Platform", "TestKit"]),
    tests("CryptographyTests", of: ["Cryptography", "Platform"]),
    tests("StoreTests", of: ["CSQLite", "Cryptography", "Domain", "JSON", "Store", "TestKit"]),
    tests("TransportTests", of: ["Domain", "Platform", "TestKit", "Transport"]),
    tests("MEXCTests", of: ["Domain", "JSON", "MEXC", "Platform", "Transport"]),
    tests("IntakeTests", of: ["Domain", "Intake", "JSON", "Platform", "TestKit"]),
    tests("MatchingTests", of: ["Domain", "Matching", "TestKit"]),
    tests(
      "SimulatedExchangeTests",
      of: [
        "Cryptography", "Domain", "JSON", "MEXC", "Matching", "Platform", "SimulatedExchange",
        "TestKit", "Transport",
      ]),
    tests("ConfigurationTests", of: ["Configuration", "Domain", "JSON", "Platform"]),
    tests(
      "KeystoreTests",
      of: ["Configuration", "Cryptography", "Domain", "Keystore", "Platform", "TestKit"]),
    tests("DoctorTests", of: ["Doctor", "Domain", "Platform", "TestKit", "Transport"]),
    tests(
      "ControlTests",
      of: ["Configuration", "Control", "Domain", "JSON", "Platform", "Store", "TestKit"]),
    tests(
      "DaemonTests",
      of: [
        "Configuration", "Cryptography", "Daemon", "Doctor", "Domain", "Execution", "Intake",
        "JSON",
        "Keystore", "MEXC", "Platform", "Store", "TestKit", "Transport",
      ]),
    tests("FuzzTargetsTests", of: ["Domain", "FuzzTargets", "JSON"]),
    tests(
      "SimulationTests",
      of: ["Daemon", "Domain", "Execution", "Matching", "Simulation", "Store", "Transport"]),
    tests("TidyTests", of: []),
    tests(
      "ProgramTests",
      of: [
        "CSQLite", "Daemon", "Domain", "Execution", "JSON", "Platform", "SimulatedExchange",
        "Store", "TestKit",
      ]),
  ]
)
