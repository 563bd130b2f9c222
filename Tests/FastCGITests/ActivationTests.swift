import FastCGI
import Glibc
import Testing

/// A socket handed over by systemd (sd_listen_fds(3)).
///
/// Variables are the process's own, so each test is a process. Descriptor 3 belongs to whatever
/// runs the tests; that a socket in its place is served is for the suite that starts the program.
@Suite(.serialized, .timeLimit(.minutes(10)))
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
}
