// swift-tools-version: 6.2

import PackageDescription

// The targets stand in the order in which a request passes them:
// nginx -> FastCGI -> Routes -> Accounts and Sessions -> Storage -> and back.
// `swift build --explicit-target-dependency-import-check error` turns the dependency lists
// below into law: a target cannot import what it does not name here.

let package = Package(
    name: "coatcheck",
    products: [
        .executable(name: "coatcheck", targets: ["coatcheck"]),
        .library(name: "FastCGI", targets: ["FastCGI", "HTTP"]),
        .library(name: "Sessions", targets: ["Sessions"]),
    ],
    traits: [
        .trait(
            name: "SharedEngines",
            description: "PostgreSQL and Redis beside SQLite, for sites of several machines."
        )
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // MARK: C libraries: a module map and a shim, nothing else
        .systemLibrary(name: "CFastCGI", pkgConfig: "fcgi", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(
            name: "CSodium",
            pkgConfig: "libsodium",
            providers: [.apt(["libsodium-dev"])]
        ),
        .systemLibrary(name: "CAprUtil", providers: [.apt(["libaprutil1-dev"])]),
        .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CNettle", providers: [.apt(["nettle-dev"])]),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CUnistring", providers: [.apt(["libunistring-dev"])]),
        .systemLibrary(name: "CZxcvbn", providers: [.apt(["libzxcvbn-dev"])]),

        // MARK: the way of a request
        .target(name: "FastCGI", dependencies: ["CFastCGI", "CLinux", "HTTP"]),
        .target(name: "HTTP"),
        .target(
            name: "Routes",
            dependencies: [
                "HTTP", "Accounts", "Sessions", "Telemetry",
                .product(name: "Mustache", package: "swift-mustache"),
            ],
            resources: [.embedInCode("Templates")]
        ),
        .target(
            name: "Accounts",
            dependencies: [
                "Sessions", "CSodium", "CUnistring", "CZxcvbn", "CAprUtil", "CCrypt", "CNettle",
            ]
        ),
        .target(name: "Sessions", dependencies: ["CNettle", "CSodium"]),
        .target(
            name: "Storage",
            dependencies: [
                "Accounts", "Sessions", "Telemetry", "CNettle",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]
        ),
        .target(
            name: "SharedStorage",
            dependencies: [
                "Accounts", "Sessions", "Storage", "Telemetry", "CHiredis", "CLinux", "COpenSSL",
                "CPostgreSQL",
            ],
            resources: [.embedInCode("Redis/Scripts")]
        ),
        .target(name: "Telemetry", dependencies: ["CLinux"]),
        .executableTarget(
            name: "coatcheck",
            dependencies: [
                "FastCGI", "HTTP", "Routes", "Accounts", "Sessions", "Storage", "Telemetry",
                .target(name: "SharedStorage", condition: .when(traits: ["SharedEngines"])),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),

        // MARK: tests
        .target(
            name: "StorageConformance",
            dependencies: ["Accounts", "Sessions"],
            path: "Tests/StorageConformance"
        ),
        .target(
            name: "TestStorage",
            dependencies: ["Accounts", "Sessions", "Storage"],
            path: "Tests/TestStorage"
        ),
        .executableTarget(
            name: "store-bench",
            dependencies: [
                "Accounts", "Sessions", "Storage",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Benchmarks/Store"
        ),
        .testTarget(name: "FastCGITests", dependencies: ["FastCGI", "HTTP"]),
        .testTarget(name: "HTTPTests", dependencies: ["HTTP"]),
        .testTarget(
            name: "RoutesTests",
            dependencies: [
                "Routes", "HTTP", "Accounts", "Sessions", "Telemetry", "TestStorage", "Storage",
            ]
        ),
        .testTarget(
            name: "AccountsTests",
            dependencies: ["Accounts", "Sessions", "TestStorage", "Storage"]
        ),
        .testTarget(name: "TelemetryTests", dependencies: ["Telemetry"]),
        .testTarget(name: "SessionsTests", dependencies: ["Sessions"]),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "Storage", "Accounts", "Sessions", "Telemetry", "StorageConformance",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        .testTarget(
            name: "SharedStorageTests",
            dependencies: [
                "Accounts", "Sessions", "Storage", "StorageConformance", "Telemetry",
                .target(name: "SharedStorage", condition: .when(traits: ["SharedEngines"])),
            ]
        ),
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "coatcheck", "HTTP", "Routes", "Accounts", "Sessions", "Storage", "Telemetry",
                "TestStorage",
            ],
            path: "Tests/Fuzz",
            exclude: ["CFuzzer", "Runner", "fuzz.py", "records.py", "seeds", "words"],
            sources: ["Targets", "SeedTests.swift"]
        ),
        .testTarget(
            name: "ProgramTests",
            dependencies: ["coatcheck", "Routes", "Accounts", "Sessions", "Storage", "Telemetry"]
        ),
    ],
    swiftLanguageModes: [.v6]
)

// `make fuzz` sets COATCHECK_FUZZ. Then there is one program more, `fuzz`, and every target of ours
// is built for libFuzzer and the address sanitizer. It reads what the program `coatcheck` reads, so
// that is a library then, whose `main` has another name.
let isFuzzing = Context.environment["COATCHECK_FUZZ"] != nil
let fuzzing = ["-sanitize=fuzzer,address"]

if isFuzzing {
    package.products = []
    package.targets.removeAll { $0.type == .test }
    package.targets = package.targets.map { target in
        guard target.name == "coatcheck" else { return target }
        return .target(
            name: target.name,
            dependencies: target.dependencies,
            swiftSettings: [
                .unsafeFlags(
                    ["-entry-point-function-name", "coatcheck_main"].flatMap { ["-Xfrontend", $0] }
                )
            ]
        )
    }
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "CFuzzer", "coatcheck", "HTTP", "Routes", "Accounts", "Sessions", "Storage",
                "Telemetry", "TestStorage",
            ],
            path: "Tests/Fuzz",
            exclude: ["CFuzzer", "SeedTests.swift", "fuzz.py", "records.py", "seeds", "words"],
            sources: ["Targets", "Runner"],
            // gold, the default, fails on this program's debug information.
            linkerSettings: [.unsafeFlags(fuzzing + ["-use-ld=lld"])]
        ),
    ]
}

// The same strictness for every target of ours.
for target in package.targets where target.type != .system {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .strictMemorySafety(),  // SE-0458: pointer use says `unsafe`
            .treatAllWarnings(as: .error),  // SE-0480
            .enableUpcomingFeature("ExistentialAny"),  // SE-0335
            .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
            .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
            .enableUpcomingFeature("InferIsolatedConformances"),  // SE-0470
            .enableUpcomingFeature("ImmutableWeakCaptures"),  // SE-0481
        ]
    if isFuzzing {
        // Tests look behind `internal`; a release build allows it only on request.
        target.swiftSettings?.append(.unsafeFlags(fuzzing + ["-enable-testing"]))
    }
}
