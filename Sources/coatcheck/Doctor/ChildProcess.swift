import Glibc

/// A program that runs beside this one and whose output is read.
///
/// Not Foundation's `Process`: as of Swift 6.3 it reads past the end of a buffer when it starts a
/// program and now and then ends this one by that (swift-corelibs-foundation, pull request 5472).
struct ChildProcess: ~Copyable {
    /// The read end of its standard output.
    let output: Int32
    /// The read end of its standard error.
    let complaints: Int32
    private let identifier: pid_t

    /// Starts a program with an empty standard input, in a process group of its own.
    ///
    /// Throws when it cannot be started.
    init(_ program: String, _ arguments: [String]) throws(CurlFailure) {
        var out: [Int32] = [-1, -1]
        var err: [Int32] = [-1, -1]
        guard unsafe pipe(&out) == 0 else { throw Self.unstartable }
        guard unsafe pipe(&err) == 0 else {
            for end in out { close(end) }
            throw Self.unstartable
        }
        for end in out + err { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, out[1], 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, err[1], 2)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        var pid: pid_t = 0
        let status = unsafe posix_spawn(&pid, program, &actions, &attributes, &words, environ)
        for index in unsafe words.indices { unsafe free(words[index]) }
        unsafe posix_spawnattr_destroy(&attributes)
        unsafe posix_spawn_file_actions_destroy(&actions)
        close(out[1])
        close(err[1])
        guard status == 0 else {
            close(out[0])
            close(err[0])
            throw Self.unstartable
        }
        (output, complaints, identifier) = (out[0], err[0], pid)
    }

    /// Waits until it has ended, or ends it with its children at the deadline, and returns its exit
    /// status; 128 and the signal's number when a signal ended it, as a shell says it.
    consuming func end(by deadline: ContinuousClock.Instant) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(identifier, &status, WNOHANG) == 0 {
            if ContinuousClock.now >= deadline {
                kill(-identifier, SIGKILL)
                while unsafe waitpid(identifier, &status, 0) == -1, errno == EINTR {}
                break
            }
            usleep(1000)
        }
        close(output)
        close(complaints)
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    private static let unstartable = CurlFailure.failed(
        status: -1,
        complaint: "it cannot be started"
    )
}
