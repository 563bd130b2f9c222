import Glibc
import Testing

@testable import Accounts

@Suite(.timeLimit(.minutes(10))) struct HashingThreadsTests {
    @Test func `ASVS 15.1.3: beyond the capacity a call is told busy at once`() async throws {
        let threads = HashingThreads(count: 1, capacity: 3)
        let gate = Gate()
        // One job runs and two wait, all held by the gate.
        let held = await held(by: gate, on: threads, count: 3)
        await #expect(throws: HashingError.busy) { try await threads.run { 0 } }
        #expect(threads.finishedCount == 0)
        gate.open()
        for task in held { #expect(try await task.value) }
        // Whoever has an answer finds room again.
        for _ in 0..<100 { #expect(try await threads.run { 1 } == 1) }
        #expect(threads.finishedCount == 103)
    }

    @Test func `as many jobs run together as there are threads`() async throws {
        let threads = HashingThreads(count: 2, capacity: 2)
        let first = Gate()
        let second = Gate()
        // Each job opens the gate of the other: one thread alone would wait for ever.
        async let one: Void = threads.run { () throws(HashingError) in
            first.open()
            second.wait()
        }
        async let two: Void = threads.run { () throws(HashingError) in
            second.open()
            first.wait()
        }
        _ = try await (one, two)
    }

    @Test func `the threads yield to others and take no signals`() async throws {
        let threads = HashingThreads(count: 1, capacity: 1)
        let before = blocksSignal(SIGTERM)
        let (niceness, isDeaf) = try await threads.run {
            (getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0), blocksSignal(SIGTERM))
        }
        #expect(niceness >= HashingThreads.niceness)
        #expect(isDeaf)
        #expect(blocksSignal(SIGTERM) == before)
    }

    @Test func `stopping answers what was taken and refuses what comes`() async throws {
        let threads = HashingThreads(count: 1, capacity: 4)
        let gate = Gate()
        let held = await held(by: gate, on: threads, count: 3)
        threads.stop()
        await #expect(throws: HashingError.stopped) { try await threads.run { 0 } }
        gate.open()
        for task in held { #expect(try await task.value) }
        threads.stop()
    }

    @Test func `a job of a cancelled task is done and answered`() async throws {
        let threads = HashingThreads(count: 1, capacity: 1)
        let gate = Gate()
        let held = await held(by: gate, on: threads, count: 1)
        held[0].cancel()
        gate.open()
        #expect(try await held[0].value)
    }

    @Test func `a thousand callers each get their answer or are told busy`() async {
        let threads = HashingThreads(count: 2, capacity: 8)
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<1_000 {
                group.addTask {
                    do throws(HashingError) {
                        return try await threads.run { number } == number
                    } catch {
                        return error == .busy
                    }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    /// Starts jobs that wait at a gate, and returns when all of them were taken.
    private func held(
        by gate: Gate,
        on threads: HashingThreads,
        count: Int
    ) async -> [Task<Bool, any Error>] {
        var tasks: [Task<Bool, any Error>] = []
        for _ in 0..<count {
            let taken = threads.unfinishedCount + 1
            tasks.append(
                Task {
                    try await threads.run {
                        gate.wait()
                        return true
                    }
                }
            )
            while threads.unfinishedCount < taken { await Task.yield() }
        }
        return tasks
    }
}

private func blocksSignal(_ number: Int32) -> Bool {
    var mask = sigset_t()
    unsafe pthread_sigmask(SIG_SETMASK, nil, &mask)
    return unsafe sigismember(&mask, number) == 1
}
