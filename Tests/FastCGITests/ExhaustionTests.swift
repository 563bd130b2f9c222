import FastCGI
import Glibc
import HTTP
import Testing

/// The system runs out of descriptors.
///
/// Each test is a process, since they are the process's own.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct ExhaustionTests {
    @Test func `a pool without descriptors reports it once and goes on when there are some`() async
    {
        await #expect(processExitsWith: .success) {
            try await TestServer.run(workers: 2) { server async throws in
                guard try await server.ask(.get()).status == 200 else { exit(1) }
                var fillers = fillDescriptors()
                // One for the client; the worker that wakes finds none.
                if let last = fillers.popLast() { close(last) }
                async let answer = server.ask(.get())
                guard await server.nextEvent() == .acceptFailed(code: EMFILE, isFatal: false)
                else { exit(2) }
                guard server.handled == 1 else { exit(3) }
                for filler in fillers { close(filler) }
                guard try await answer.status == 200 else { exit(4) }
                guard try await server.ask(.get()).status == 200 else { exit(5) }
            }
            exit(0)
        }
    }

    @Test func `a pool without descriptors can be stopped`() async {
        await #expect(processExitsWith: .success) {
            try await TestServer.run(workers: 2) { server async throws in
                guard try await server.ask(.get()).status == 200 else { exit(1) }
                var fillers = fillDescriptors()
                if let last = fillers.popLast() { close(last) }
                let peer = try Peer(server.path)
                guard await server.nextEvent() == .acceptFailed(code: EMFILE, isFatal: false)
                else { exit(2) }
                guard try await server.stop(within: 20) else { exit(3) }
                guard peer.isWaiting else { exit(4) }
            }
            exit(0)
        }
    }

    /// Workers that got no place to wait must not spin instead, nor be silently absent.
    @Test func `a pool that gets no descriptors to wait with does not start`() async {
        await #expect(processExitsWith: .success) {
            try await withFolder { folder async throws in
                let listener = try Listener.bind(path: folder + "/s")
                _ = fillDescriptors()
                // It needs two, so one that somebody else in this process closes does not help it.
                do throws(ListenerError) {
                    let pool = try WorkerPool(
                        listener: listener,
                        workers: 2,
                        report: { _ in }
                    ) { _ in .text("ok") }
                    pool.stop(within: 20)
                    exit(1)
                } catch {
                    guard case .system(_, EMFILE) = error else { exit(2) }
                }
                exit(0)
            }
        }
    }
}

/// Takes all descriptors that the process may have, after lowering that number.
private func fillDescriptors() -> [CInt] {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
    limit.rlim_cur = min(limit.rlim_cur, 256)
    unsafe setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
    var taken: [CInt] = []
    while true {
        let file = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return taken }
        taken.append(file)
    }
}
