#if SharedEngines
import Foundation
import Sessions
import Storage
import Testing

@testable import SharedStorage

@Suite struct PostgreSQLConnectionTests {
    let connection: PostgreSQLConnection

    init() throws {
        connection = try TestSchema.connect(to: TestSchema.base)
    }

    // MARK: values

    @Test func `parameters are numbered as SQLite numbers them`() {
        #expect("a = ? AND b = ?".withNumberedParameters == "a = $1 AND b = $2")
        #expect("?2 < ?1 OR ? = ?12".withNumberedParameters == "$2 < $1 OR $3 = $12")
        #expect("SELECT 1".withNumberedParameters == "SELECT 1")
    }

    @Test(arguments: [Int64.min, -129, -1, 0, 1, 255, 65_536, 1 << 40, .max])
    func `a number comes back as it was`(_ number: Int64) throws {
        let found = try connection.first("SELECT CAST(? AS bigint)", [.integer(number)]) {
            try $0.integer(at: 0)
        }
        #expect(found == number)
    }

    @Test func `numbers are of any width, and a truth is 0 or 1`() throws {
        let sql = "SELECT CAST(-2 AS smallint), CAST(-3 AS integer), 1 = 1, 1 = 2"
        let found = try connection.first(sql, []) { row in
            try (0..<4).map { try row.integer(at: $0) }
        }
        #expect(found == [-2, -3, 1, 0])
    }

    @Test(arguments: ["", "ada", "?", "Zoë \u{1F}", "\u{1F9E5}", "'; DROP TABLE users --"])
    func `text comes back as it was`(_ text: String) throws {
        let found = try connection.first("SELECT CAST(? AS TEXT)", [.text(text)]) {
            try $0.optionalText(at: 0)
        }
        #expect(found == text)
    }

    @Test func `text with U+0000 equals nothing`() throws {
        let sql = "SELECT 1 WHERE CAST(?1 AS TEXT) = 'admin' OR CAST(?1 AS TEXT) <> 'admin'"
        let found = try connection.first(sql, [.text("admin\u{0}x")]) { _ in true }
        #expect(found == nil)
    }

    @Test(arguments: [[], [0], Array(UInt8.min...UInt8.max)])
    func `bytes come back as they were`(_ bytes: [UInt8]) throws {
        let found = try connection.first("SELECT CAST(? AS bytea)", [.bytes(bytes)]) {
            try $0.bytes(at: 0)
        }
        #expect(found == bytes)
    }

    @Test func `null is neither text nor bytes`() throws {
        let sql = "SELECT CAST(? AS TEXT), CAST(? AS bytea)"
        let found = try connection.first(sql, [.null, .null]) { row in
            (text: try row.optionalText(at: 0), bytes: try row.bytes(at: 1))
        }
        #expect(found?.text == .some(nil))
        #expect(found?.bytes == [])
    }

    @Test func `a column of another kind is damaged`() throws {
        #expect(throws: StorageError.damaged) {
            try connection.first("SELECT 'one'::text", []) { try $0.integer(at: 0) }
        }
        #expect(throws: StorageError.damaged) {
            try connection.first("SELECT 1", []) { try $0.bytes(at: 0) }
        }
        #expect(throws: StorageError.damaged) {
            try connection.first("SELECT 1", []) { try $0.optionalText(at: 0) }
        }
        #expect(try connection.first("SELECT 2", []) { try $0.integer(at: 0) } == 2)
    }

    // MARK: statements

    @Test func `a statement that fails leaves the connection usable`() throws {
        for _ in 0..<3 {
            let error = #expect(throws: StorageError.self) {
                try connection.ask("SELECT 1 / CAST(? AS bigint)", [.integer(0)])
            }
            #expect(error == .unavailable(code: "internal", detail: "SQLSTATE 22012"))
            #expect(throws: StorageError.self) { try connection.ask("SELEKT 1") }
            #expect(connection.isUsable)
            #expect(try connection.ask("SELECT 1").count == 1)
        }
    }

    @Test func `what stands behind a statement that failed can be asked for again`() throws {
        connection.queue("SELECT 1 / CAST(? AS bigint)", [.integer(0)])
        #expect(throws: StorageError.self) { try connection.ask("SELECT 5") }
        #expect(try connection.first("SELECT 5", []) { try $0.integer(at: 0) } == 5)
    }

    @Test func `one statement twice in one pipeline is prepared once`() throws {
        connection.queue("SELECT 7")
        connection.queue("SELECT 7")
        #expect(try connection.first("SELECT 7", []) { try $0.integer(at: 0) } == 7)
    }

    @Test func `many large values go out while the answers come in`() throws {
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        for _ in 0..<20 { connection.queue("SELECT CAST(? AS bytea)", [.bytes(bytes)]) }
        let last = try connection.first("SELECT CAST(? AS bytea)", [.bytes(bytes)]) {
            try $0.bytes(at: 0)
        }
        #expect(last == bytes)
    }

    @Test func `each time that something is sent is one round trip`() throws {
        let before = connection.client.roundTrips.forOthers
        connection.queue("SELECT 1")
        #expect(connection.client.roundTrips.forOthers == before)
        try connection.ask("SELECT 2")
        #expect(connection.client.roundTrips.forOthers == before + 1)
        connection.purpose = .check
        try connection.ask("SELECT 1")
        #expect(connection.client.roundTrips.forOthers == before + 1)
        #expect(connection.client.roundTrips.forChecks == 1)
    }

    // MARK: failures

    @Test(.timeLimit(.minutes(10)))
    func `a slow statement is given up by the server, and the connection is kept`() throws {
        connection.patience = .seconds(20)
        let begin = ContinuousClock.now
        let error = #expect(throws: StorageError.self) {
            try connection.ask("SELECT pg_sleep(30)")
        }
        #expect(error == .unavailable(code: "timeout", detail: "SQLSTATE 57014"))
        #expect(ContinuousClock.now - begin < .seconds(15))
        #expect(connection.isUsable && !connection.hasTimedOut)
    }

    @Test(.timeLimit(.minutes(10)))
    func `a server that does not answer is given up`() throws {
        connection.patience = .milliseconds(100)
        #expect(throws: StorageError.unanswered) { try connection.ask("SELECT pg_sleep(30)") }
        #expect(!connection.isUsable)
        #expect(connection.hasTimedOut)
        #expect(throws: StorageError.lost) { try connection.ask("SELECT 1") }
    }

    @Test func `a connection that the server has ended while it was idle is not usable`() throws {
        let process = try connection.first("SELECT pg_backend_pid()", []) {
            try $0.integer(at: 0)
        }
        let other = try TestSchema.connect(to: TestSchema.base)
        defer { other.close() }
        try other.ask(
            "SELECT pg_terminate_backend(CAST(? AS integer))",
            [.integer(process ?? 0)]
        )
        // The farewell takes a moment to arrive.
        let deadline = Deadline(in: .seconds(5))
        while connection.isUsable, !deadline.hasPassed { usleep(1000) }
        #expect(!connection.isUsable)
        let error = #expect(throws: StorageError.self) { try connection.ask("SELECT 1") }
        #expect(error?.cause.code == "unreachable")
    }

    @Test func `a connection that is closed says so`() {
        connection.close()
        #expect(!connection.isUsable)
        #expect(throws: StorageError.lost) { try connection.ask("SELECT 1") }
    }

    @Test(arguments: [
        ("23505", StorageError.duplicate), ("23503", .unknownUser),
        ("25006", .unavailable(code: "read-only", detail: "SQLSTATE 25006")),
        ("53100", .unavailable(code: "full", detail: "the disk is full, SQLSTATE 53100")),
        ("40001", .unavailable(code: "locked", detail: "SQLSTATE 40001")),
        ("40P01", .unavailable(code: "locked", detail: "SQLSTATE 40P01")),
        ("55P03", .unavailable(code: "locked", detail: "SQLSTATE 55P03")),
        ("57P01", .unavailable(code: "unreachable", detail: "SQLSTATE 57P01")),
        ("08006", .unavailable(code: "unreachable", detail: "SQLSTATE 08006")),
        (
            "28P01",
            .unavailable(code: "denied", detail: "wrong user or password, SQLSTATE 28P01")
        ),
        ("42501", .unavailable(code: "denied", detail: "permission denied, SQLSTATE 42501")),
        ("57014", .unavailable(code: "timeout", detail: "SQLSTATE 57014")),
        ("42P01", .unavailable(code: "schema", detail: "SQLSTATE 42P01")),
        ("XX000", .unavailable(code: "internal", detail: "SQLSTATE XX000")),
    ])
    func `an SQLSTATE is said in the words of the contract`(
        _ state: String,
        _ error: StorageError
    ) {
        #expect(StorageError(sqlState: state) == error)
    }
}
#endif
