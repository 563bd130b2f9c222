import StorageConformance
import Testing

@Suite struct ConformanceTests {
    @Test(arguments: SessionStorageConformance.cases)
    func `SQLite keeps the promises of SessionStorage`(_ promise: ConformanceCase) async throws {
        try await promise.check(on: StorageUnderTest.sqlite)
    }

    @Test(arguments: AccountStorageConformance.cases)
    func `SQLite keeps the promises of AccountStorage`(_ promise: ConformanceCase) async throws {
        try await promise.check(on: StorageUnderTest.sqlite)
    }

    @Test(arguments: ThrottleStorageConformance.cases)
    func `SQLite keeps the promises of ThrottleStorage`(_ promise: ConformanceCase) async throws {
        try await promise.check(on: StorageUnderTest.sqlite)
    }
}
