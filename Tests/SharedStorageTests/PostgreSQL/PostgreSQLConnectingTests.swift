#if SharedEngines
import Sessions
import Testing

@testable import SharedStorage

@Suite struct PostgreSQLConnectingTests {
    let url: PostgreSQLURL

    init() throws {
        url = try PostgreSQLURL(TestSchema.base)
    }

    @Test(.timeLimit(.minutes(10)))
    func `a server that never answers is given up`() throws {
        let server = try SilentServer()
        let begin = ContinuousClock.now
        #expect(failure(at: url.with(host(server))) == .unanswered)
        #expect(ContinuousClock.now - begin < .seconds(2.5))
    }

    @Test func `a server that never answers holds up nobody where there is another`() throws {
        let server = try SilentServer()
        let begin = ContinuousClock.now
        #expect(failure(at: url.with(host(server), [:])) == nil)
        #expect(ContinuousClock.now - begin < .seconds(1.5))
    }

    @Test func `a server that refuses is passed over where there is another`() throws {
        #expect(failure(at: url.with(["host": "127.0.0.1", "port": "1"], [:])) == nil)
        let readOnly = ["options": "-c default_transaction_read_only=on"]
        #expect(failure(at: url.with(readOnly, [:])) == nil)
    }

    @Test func `a port at which nobody listens is said with its number`() throws {
        let error = failure(at: url.with(["host": "127.0.0.1", "port": "1"]))
        #expect(error?.cause.code == "unreachable")
        #expect(error?.cause.detail.contains("port 1 failed: Connection refused") == true)
    }

    @Test(arguments: ["read-only", "unreachable", "unreachable then read-only"])
    func `what says most is the reason of a failure`(_ servers: String) throws {
        let refusing = ["host": "127.0.0.1", "port": "1"]
        let readOnly = ["options": "-c default_transaction_read_only=on"]
        let hosts =
            switch servers {
            case "read-only": [readOnly, refusing]
            case "unreachable": [refusing, refusing]
            default: [refusing, readOnly]
            }
        let error = failure(
            at: PostgreSQLURL(hosts: hosts.map { url.hosts[0].merging($0) { $1 } })
        )
        #expect(error?.cause.code == (servers == "unreachable" ? "unreachable" : "read-only"))
    }

    @Test func `a wrong password, name or database is denied, and the password is not told`() {
        for change in [
            ["password": "wr0ng"], ["user": "nobody-of-ours", "password": "wr0ng"],
            ["dbname": "no-such-database", "passfile": "/dev/null"],
        ] {
            let error = failure(at: url.with(change))
            #expect(error?.cause.code == "denied", "\(change)")
            #expect(error?.cause.detail.contains("wr0ng") == false)
        }
    }

    @Test func `a password that is wanted and not given is denied`() {
        var host = url.hosts[0]
        host["password"] = nil
        host["passfile"] = "/dev/null"
        #expect(failure(at: PostgreSQLURL(hosts: [host]))?.cause.code == "denied")
    }

    @Test func `a server that may not be written to is refused`() {
        let standby = url.with(["options": "-c default_transaction_read_only=on"])
        #expect(failure(at: standby) == .standby)
    }

    private func host(_ server: SilentServer) -> [String: String] {
        ["host": "127.0.0.1", "port": "\(server.port)"]
    }

    /// What connecting fails with; `nil` when it succeeds.
    private func failure(at url: PostgreSQLURL) -> StorageError? {
        do throws(StorageError) {
            try PostgreSQLClient(url: url).connect()
                .close()
            return nil
        } catch {
            return error
        }
    }
}

extension PostgreSQLURL {
    /// Hosts that are as the first of this one but for some parameters.
    func with(_ changes: [String: String]...) -> PostgreSQLURL {
        PostgreSQLURL(hosts: changes.map { hosts[0].merging($0) { $1 } })
    }
}
#endif
