import FastCGI
import Glibc
import HTTP
import Testing

@Suite(.timeLimit(.minutes(10)))
struct ListenerTests {
    /// Whether the tests may give files to other groups.
    static let isRoot = geteuid() == 0

    @Test(arguments: [0o600, 0o660, 0o666] as [UInt32])
    func `the socket has the rights that were asked for, whatever the umask`(
        mode: UInt32
    ) async throws {
        try await withFolder { folder async throws in
            let listener = try Listener.bind(path: folder + "/s", mode: mode)
            let entry = try #require(status(of: folder + "/s"))
            #expect(entry.st_mode & S_IFMT == S_IFSOCK)
            #expect(entry.st_mode & 0o7777 == mode)
            #expect(names(in: folder) == ["s", "s.lock"], "and nothing else is left behind")
            _ = consume listener
        }
    }

    @Test(.enabled(if: isRoot))
    func `the socket belongs to the group that was asked for`() async throws {
        try await withFolder { folder async throws in
            let listener = try Listener.bind(path: folder + "/s", group: "daemon")
            let entry = try #require(status(of: folder + "/s"))
            #expect(entry.st_gid == 1)
            #expect(entry.st_uid == geteuid())
            _ = consume listener
        }
    }

    @Test func `a group that does not exist is refused and nothing is made`() async throws {
        try await withFolder { folder async throws in
            #expect(throws: ListenerError.unknownGroup("no-such-group")) {
                _ = try Listener.bind(path: folder + "/s", group: "no-such-group")
            }
            #expect(names(in: folder).isEmpty)
        }
    }

    @Test func `the lock is nobody else's to read`() async throws {
        try await withFolder { folder async throws in
            let listener = try Listener.bind(path: folder + "/s", mode: 0o666)
            #expect(status(of: folder + "/s.lock").map { $0.st_mode & 0o7777 } == 0o600)
            _ = consume listener
        }
    }

    // MARK: who was there before

    @Test func `the socket that a dead process left is replaced and served`() async throws {
        try await withFolder { folder async throws in
            // A listener that is gone leaves its file, as one does that was killed.
            _ = try Listener.bind(path: folder + "/s")
            let old = try #require(status(of: folder + "/s"))
            #expect(throws: Peer.Failure.self) { _ = try Peer(folder + "/s") }
            let pool = try WorkerPool(
                listener: .bind(path: folder + "/s"),
                workers: 1,
                report: { _ in }
            ) { _ in .text("new") }
            let new = try #require(status(of: folder + "/s"))
            #expect(old.st_ino != new.st_ino || old.st_ctim.tv_nsec != new.st_ctim.tv_nsec)
            let answer = try await onThread { try Peer.exchange(.get(), with: folder + "/s") }
            #expect(answer.bodyText == "new")
            #expect(try await onThread { pool.stop(within: 30) })
        }
    }

    @Test func `a second server on a path is refused and the first serves on`() async throws {
        try await TestServer.run { server async throws in
            let before = try #require(status(of: server.path))
            #expect(throws: ListenerError.alreadyServed(server.path)) {
                _ = try Listener.bind(path: server.path, mode: 0o600)
            }
            let after = try #require(status(of: server.path))
            #expect(before.st_ino == after.st_ino)
            #expect(before.st_mode == after.st_mode)
            #expect(try await server.ask(.get()).status == 200)
        }
    }

    /// A mistyped setting must not cost somebody a file.
    @Test func `a file that is no socket is refused and left alone`() async throws {
        try await withFolder { folder async throws in
            let path = folder + "/s"
            let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            #expect(unsafe write(file, "precious", 8) == 8)
            close(file)
            #expect(throws: ListenerError.self) { _ = try Listener.bind(path: path) }
            let entry = try #require(status(of: path))
            #expect(entry.st_mode & S_IFMT == S_IFREG)
            #expect(entry.st_size == 8)
        }
    }

    @Test func `a folder in the way is refused and left alone`() async throws {
        try await withFolder { folder async throws in
            let path = folder + "/s"
            #expect(unsafe mkdir(path, 0o700) == 0)
            #expect(throws: ListenerError.self) { _ = try Listener.bind(path: path) }
        }
    }

    /// Whoever may write to the folder could otherwise have any file opened.
    @Test func `a lock that is a symbolic link is refused`() async throws {
        try await withFolder { folder async throws in
            #expect(unsafe symlink("/dev/null", folder + "/s.lock") == 0)
            #expect(throws: ListenerError.system("open \(folder)/s.lock", ELOOP)) {
                _ = try Listener.bind(path: folder + "/s")
            }
        }
    }

    // MARK: paths

    @Test func `a path of 107 bytes is served and one of 108 refused by its own name`()
        async throws
    {
        try await withFolder { folder async throws in
            let fill = String(repeating: "p", count: 107 - folder.utf8.count - 1)
            let longest = folder + "/" + fill
            let listener = try Listener.bind(path: longest)
            #expect(names(in: folder) == [fill, fill + ".lock"])
            _ = consume listener
            #expect(throws: ListenerError.pathTooLong(longest + "p")) {
                _ = try Listener.bind(path: longest + "p")
            }
            #expect(names(in: folder) == [fill, fill + ".lock"], "nothing is left behind")
        }
    }

    @Test func `a path with a NUL in it is refused and nothing is made`() async throws {
        try await withFolder { folder async throws in
            #expect(throws: ListenerError.self) {
                _ = try Listener.bind(path: folder + "/s\u{0}hidden")
            }
            #expect(names(in: folder).isEmpty)
        }
    }

    @Test func `a folder that does not exist is the system's refusal`() {
        let path = "/no/such/folder/s"
        #expect(throws: ListenerError.system("open \(path).lock", ENOENT)) {
            _ = try Listener.bind(path: path)
        }
    }

    @Test(arguments: [
        (ListenerError.pathTooLong("/a"), "/a"), (.alreadyServed("/b"), "/b"),
        (.unknownGroup("nobodies"), "nobodies"), (.inherited("reason"), "reason"),
        (.system("bind /c", EACCES), "bind /c: Permission denied"),
    ])
    func `an error says what it is about`(error: ListenerError, part: String) {
        #expect("\(error)".contains(part))
    }

    private func status(of path: String) -> stat? {
        var entry = stat()
        return unsafe lstat(path, &entry) == 0 ? entry : nil
    }
}
