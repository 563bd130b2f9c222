import FastCGI
import Glibc
import HTTP
import Synchronization

/// A pool on a socket in a folder of its own.
final class TestServer: Sendable {
    /// The path of the socket.
    let path: String
    let pool: WorkerPool
    /// What the workers reported.
    let events: AsyncStream<WorkerEvent>
    private let runs: Tally

    private init(_ folder: String, workers: Int, respond: @escaping Responder) throws {
        let path = folder + "/s"
        let (events, log) = AsyncStream.makeStream(of: WorkerEvent.self)
        let runs = Tally()
        self.path = path
        self.events = events
        self.runs = runs
        pool = try WorkerPool(
            listener: Listener.bind(path: path),
            workers: workers,
            report: { log.yield($0) },
            respond: { request in
                runs.add()
                return await respond(request)
            }
        )
    }

    /// How often the handler was called.
    var handled: Int { runs.count }

    /// Runs `body` with a pool and ends the pool afterwards.
    static func run<Result>(
        workers: Int = 2,
        respond: @escaping Responder = { _ in Response.text("ok") },
        _ body: (TestServer) async throws -> Result
    ) async throws -> Result {
        try await withFolder { folder async throws in
            let server = try TestServer(folder, workers: workers, respond: respond)
            do {
                let result = try await body(server)
                try await server.stop()
                return result
            } catch {
                try await server.stop()
                throw error
            }
        }
    }

    /// Sends a request and returns the answer.
    func ask(_ request: WireRequest) async throws -> WireAnswer {
        let path = path
        return try await onThread { try Peer.exchange(request, with: path) }
    }

    /// Sends any bytes and returns what came back.
    func ask(_ bytes: [UInt8], halfClose: Bool = false) async throws -> WireAnswer {
        let path = path
        return try await onThread {
            try Peer.exchange(bytes, halfClose: halfClose, with: path)
        }
    }

    /// Returns the next thing that a worker reported.
    func nextEvent() async -> WorkerEvent? {
        for await event in events { return event }
        return nil
    }

    /// Ends the pool.
    @discardableResult
    func stop(within seconds: Int = 30) async throws -> Bool {
        let pool = pool
        return try await onThread { pool.stop(within: seconds) }
    }
}

/// A number that any thread may raise.
final class Tally: Sendable {
    private let value = Atomic(0)

    var count: Int { value.load(ordering: .acquiring) }

    func add() { value.add(1, ordering: .acquiringAndReleasing) }
}

/// Runs `body` with a fresh folder whose path is short enough for a socket, and removes it.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    var template = Array("/tmp/fcgi-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw Peer.Failure.connect(errno) }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
        for name in names(in: folder) { unsafe remove(folder + "/" + name) }
        unsafe rmdir(folder)
    }
    return try await body(folder)
}

/// The names of the files in a folder, sorted.
func names(in folder: String) -> [String] {
    guard let handle = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(handle) }
    var names: [String] = []
    while let entry = unsafe readdir(handle) {
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
            unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

extension Response {
    /// A plain answer.
    static func text(_ text: String, status: Int = 200) -> Response {
        var response = Response(status: status)
        response.add("Content-Type", "text/plain; charset=utf-8")
        response.body = Array(text.utf8)
        return response
    }
}
