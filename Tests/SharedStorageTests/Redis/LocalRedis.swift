#if SharedEngines
import Foundation
import Sessions
import Testing

@testable import SharedStorage

/// A server of its own, for tests that stop, fill or freeze it.
///
/// It listens at a socket in a folder of its own, keeps nothing, and ends with this process.
final class LocalRedis: @unchecked Sendable {
    /// The path of its socket.
    let socket: String
    private let folder: URL
    private var process = Process()
    private let settings: [String]

    init(_ settings: String...) throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("redis-\(PublicID.random().text)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        socket = folder.appendingPathComponent("socket").path
        self.settings = settings
        try start()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    var url: RedisURL {
        get throws { try RedisURL("unix://\(socket)") }
    }

    /// Starts it with nothing in it, and waits until it answers.
    func start() throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
        process.arguments =
            [
                "--pdeathsig", "KILL", "redis-server", "--port", "0", "--unixsocket",
                socket, "--dir", folder.path, "--save", "",
            ] + settings
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            do {
                let stream = try RedisStream(
                    RedisTransport(
                        to: .socket(path: socket),
                        with: nil,
                        by: Deadline(in: .seconds(1))
                    )
                )
                defer { stream.close() }
                try stream.send([RedisCommand("PING")], by: Deadline(in: .seconds(1)))
                _ = try stream.receive(by: Deadline(in: .seconds(1)))
                return
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
                usleep(5000)
            }
        }
    }

    /// Ends it as a crash does.
    func kill() {
        signal(SIGKILL)
        process.waitUntilExit()
    }

    /// Stops it without an end: it answers nothing.
    func freeze() { signal(SIGSTOP) }

    /// Lets it go on.
    func thaw() { signal(SIGCONT) }

    private func signal(_ number: Int32) {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, number)
    }

    /// Gives a command as another program would.
    @discardableResult
    func call(_ words: String...) throws -> RedisReply {
        let connection = try RedisConnection(through: RedisDoor(url))
        defer { connection.close() }
        return try connection.call(RedisCommand(words.map { Array($0.utf8) }))
    }
}
#endif
