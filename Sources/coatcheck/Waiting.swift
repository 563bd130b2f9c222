import Dispatch
internal import Synchronization

/// Waits on the calling thread, on which nothing else runs, for asynchronous work to end.
///
/// The program is no `async main`: the server blocks signals before the first thread is started.
///
/// When it takes longer than `patience`, `hurry` is called once, which should make it end.
func wait<Value: Sendable>(
    for work: @escaping @Sendable () async throws -> Value,
    patience: Duration? = nil,
    hurry: () -> Void = {}
) throws -> Value {
    let outcome = Outcome<Value>()
    Task {
        do {
            let value = try await work()
            outcome.result.withLock { $0 = .success(value) }
        } catch {
            outcome.result.withLock { $0 = .failure(error) }
        }
        outcome.isThere.signal()
    }
    let end = patience.map { DispatchTime.now() + .milliseconds(Int($0 / .milliseconds(1))) }
    if outcome.isThere.wait(timeout: end ?? .distantFuture) == .timedOut {
        hurry()
        outcome.isThere.wait()
    }
    guard let result = outcome.result.withLock({ $0 }) else {
        preconditionFailure("the work has ended")
    }
    return try result.get()
}

/// What asynchronous work has come to.
private final class Outcome<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
    let isThere = DispatchSemaphore(value: 0)
}
