internal import Testing

/// One thing that every storage does, and the promise of the contract that it shows.
///
/// A backend's tests take the list of a suite as their arguments:
///
///     @Test(arguments: SessionStorageConformance.cases)
///     func `keeps the promises of SessionStorage`(_ promise: ConformanceCase) async throws {
///         try await promise.check(on: makeFreshStorage)
///     }
///
/// so a case that is added is run on every backend, and none has a copy of its own.
package struct ConformanceCase: Sendable, CustomTestStringConvertible {
    /// The number of the promise in the doc comment of the protocol.
    package let promise: Int
    /// What is shown, as a sentence.
    package let sentence: String
    private let body: @Sendable (StorageUnderTest) async throws -> Void

    init(
        _ promise: Int,
        _ sentence: String,
        _ body: @escaping @Sendable (StorageUnderTest) async throws -> Void
    ) {
        self.promise = promise
        self.sentence = sentence
        self.body = body
    }

    /// Tries it on a fresh storage; what does not hold is recorded in the running test.
    package func check(on make: StorageUnderTest.Factory) async throws {
        try await body(make())
    }

    package var testDescription: String { "\(promise). \(sentence)" }
}
