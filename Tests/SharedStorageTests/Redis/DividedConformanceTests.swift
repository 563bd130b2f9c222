#if SharedEngines
import StorageConformance
import Testing

@testable import SharedStorage

/// One after the other: each case has connections of its own, and a server has a hundred.
@Suite(.serialized) struct DividedConformanceTests {
    @Test(arguments: SessionStorageConformance.cases)
    func `PostgreSQL and Redis keep the promises of SessionStorage`(
        _ promise: ConformanceCase
    ) async throws {
        try await promise.check(on: StorageUnderTest.divided)
    }

    @Test(arguments: AccountStorageConformance.cases)
    func `PostgreSQL and Redis keep the promises of AccountStorage`(
        _ promise: ConformanceCase
    ) async throws {
        try await promise.check(on: StorageUnderTest.divided)
    }

    @Test(arguments: ThrottleStorageConformance.cases)
    func `PostgreSQL and Redis keep the promises of ThrottleStorage`(
        _ promise: ConformanceCase
    ) async throws {
        try await promise.check(on: StorageUnderTest.divided)
    }
}

/// A schema and a prefix that are used together.
struct TestEngines: Sendable {
    let schema: TestSchema
    let redis: TestRedis

    init() throws {
        schema = try TestSchema()
        redis = try TestRedis()
    }

    /// Opens them as one storage.
    func open() throws -> DividedStorage {
        DividedStorage(
            accounts: try schema.open(sessions: .redis(prefix: "test")),
            sessions: try redis.open()
        )
    }
}

extension StorageUnderTest {
    /// A fresh schema and prefix for the conformance suites.
    @Sendable
    static func divided() async throws -> StorageUnderTest {
        let engines = try TestEngines()
        return try StorageUnderTest(engines, engines.open())
    }

    private init(_ engines: TestEngines, _ storage: DividedStorage) {
        self.init(sessions: storage, accounts: storage, throttle: storage) {
            try storage.close()
            return StorageUnderTest(engines, try engines.open())
        }
    }
}
#endif
