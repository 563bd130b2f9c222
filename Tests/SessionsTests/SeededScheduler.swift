import Synchronization

/// A task executor that a seed steers: it runs one job at a time, on one thread, and chooses at
/// random which comes next.
///
/// Tasks that prefer it interleave at every suspension that has to wait: those that it makes
/// itself with `pause` and those that come of entering an actor somebody else is in.
final class SeededScheduler: TaskExecutor {
    private struct State: Sendable {
        var generator: SeededGenerator
        var jobs: [UnownedJob] = []
        var pauses: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(seed: UInt64) {
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
    }

    /// A number drawn from the seed.
    func draw(_ range: ClosedRange<Int>) -> Int {
        state.withLock { Int.random(in: range, using: &$0.generator) }
    }

    /// Suspends the caller between no times and three, each for as long as the seed says.
    func pause() async {
        for _ in 0..<draw(0...3) {
            await withCheckedContinuation { continuation in
                state.withLock { $0.pauses.append(continuation) }
            }
        }
    }

    /// Runs jobs on the calling thread until none is left.
    func run() {
        let executor = unsafe asUnownedTaskExecutor()
        while let step = next() {
            switch step {
            case .job(let job): unsafe job.runSynchronously(on: executor)
            case .pause(let continuation): continuation.resume()
            }
        }
    }

    private enum Step {
        case job(UnownedJob)
        case pause(CheckedContinuation<Void, Never>)
    }

    private func next() -> Step? {
        state.withLock { state in
            let count = state.jobs.count + state.pauses.count
            guard count > 0 else { return nil }
            let index = Int.random(in: 0..<count, using: &state.generator)
            guard index >= state.jobs.count else { return .job(state.jobs.remove(at: index)) }
            return .pause(state.pauses.remove(at: index - state.jobs.count))
        }
    }
}
