#if SharedEngines
import StorageConformance
import Testing

@testable import SharedStorage

/// One after the other: each case has connections of its own, and a server has a hundred.
@Suite(.serialized) struct PostgreSQLConformanceTests {
    @Test(arguments: SessionStorageConformance.cases)
    func `PostgreSQL keeps the promises of SessionStorage`(
        _ promise: ConformanceCase
    ) async throws {
        try await promise.check(on: StorageUnderTest.postgreSQL)
    }

    @Test(arguments: AccountStorageConformance.cases)
    func `PostgreSQL keeps the promises of AccountStorage`(
        _ promise: ConformanceCase
    ) async throws {
        try await promise.check(on: StorageUnderTest.postgreSQL)
    }

    @Test(arguments: ThrottleStorageConformance.cases)
    func `PostgreSQL keeps the promises of ThrottleStorage`(
        _ promise: ConformanceCase
    ) async throws {
        try await promise.check(on: StorageUnderTest.postgreSQL)
    }
}

extension StorageUnderTest {
    /// A fresh schema for the conformance suites.
    @Sendable
    static func postgreSQL() async throws -> StorageUnderTest {
        let schema = try TestSchema()
        return try StorageUnderTest(schema, schema.open())
    }

    private init(_ schema: TestSchema, _ storage: PostgreSQLStorage) {
        self.init(sessions: storage, accounts: storage, throttle: storage) {
            try storage.close()
            return StorageUnderTest(schema, try schema.open())
        }
    }
}
#endif
