import Glibc
import HTTP
import Testing

@testable import FastCGI

/// A socket handed over by systemd (sd_listen_fds(3)).
///
/// Variables and descriptor 3 are the process's own, so each test is a process.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ActivationTests {
    @Test func `without variables there is no socket`() async {
        await #expect(processExitsWith: .success) {
            let listener = try Listener.inherited()
            exit(listener == nil ? 0 : 1)
        }
    }

    @Test func `variables meant for another process are not ours`() async {
        await #expect(processExitsWith: .success) {
            unsafe setenv("LISTEN_PID", "1", 1)
            unsafe setenv("LISTEN_FDS", "1", 1)
            let listener = try Listener.inherited()
            guard unsafe getenv("LISTEN_PID") == nil else { exit(2) }
            guard unsafe getenv("LISTEN_FDS") == nil else { exit(3) }
            exit(listener == nil ? 0 : 1)
        }
    }

    @Test func `more sockets than one are refused`() async {
        await #expect(processExitsWith: .success) {
            unsafe setenv("LISTEN_PID", "\(getpid())", 1)
            unsafe setenv("LISTEN_FDS", "2", 1)
            do throws(ListenerError) {
                _ = try Listener.inherited()
                exit(1)
            } catch {
                guard case .inherited = error else { exit(2) }
                exit(unsafe getenv("LISTEN_FDS") == nil ? 0 : 3)
            }
        }
    }

    @Test func `a descriptor that does not listen is refused`() async {
        await #expect(processExitsWith: .success) {
            let file = unsafe open("/dev/null", O_RDWR)
            guard dup2(file, 3) == 3 else { exit(4) }
            unsafe setenv("LISTEN_PID", "\(getpid())", 1)
            unsafe setenv("LISTEN_FDS", "1", 1)
            do throws(ListenerError) {
                _ = try Listener.inherited()
                exit(1)
            } catch {
                guard case .inherited = error else { exit(2) }
                exit(0)
            }
        }
    }

    @Test func `the socket handed over is served and not inherited further`() async {
        await #expect(processExitsWith: .success) {
            try await withFolder { folder async throws in
                let bound = try Listener.bind(path: folder + "/s")
                guard dup2(bound.descriptor, 3) == 3 else { exit(4) }
                unsafe setenv("LISTEN_PID", "\(getpid())", 1)
                unsafe setenv("LISTEN_FDS", "1", 1)
                unsafe setenv("LISTEN_FDNAMES", "fcgi", 1)
                guard let listener = try Listener.inherited() else { exit(1) }
                guard fcntl(3, F_GETFD) == FD_CLOEXEC, fcntl(3, F_GETFL) & O_NONBLOCK != 0 else {
                    exit(2)
                }
                guard unsafe getenv("LISTEN_FDNAMES") == nil else { exit(3) }
                let pool = try WorkerPool(
                    listener: listener,
                    workers: 1,
                    report: { _ in }
                ) { _ in .text("ok") }
                let answer = try await onThread { try Peer.exchange(.get(), with: folder + "/s") }
                guard answer.bodyText == "ok" else { exit(5) }
                pool.stop(within: 20)
                _ = consume bound
            }
            exit(0)
        }
    }
}
