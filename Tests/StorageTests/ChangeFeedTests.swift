import Accounts
import Foundation
import Sessions
import StorageConformance
import Testing

@testable import Storage

@Suite struct ChangeFeedTests {
    let database: TemporaryDatabase
    let storage: SQLiteStorage
    let user = Sample.user()

    init() async throws {
        database = try TemporaryDatabase()
        storage = try database.open()
        try await storage.insert(Sample.account(user))
    }

    @Test func `own writes are not foreign changes`() async throws {
        #expect(try await !storage.hasForeignChanges())
        let session = Sample.session(of: user)
        _ = try await storage.insert(session, keeping: 10)
        #expect(try await !storage.hasForeignChanges())
        _ = try await storage.find(session.key)
        _ = try await storage.remove(session.key)
        #expect(try await !storage.hasForeignChanges())
    }

    @Test func `what another storage on the file changed is told once`() async throws {
        let other = try database.open()
        #expect(try await !storage.hasForeignChanges())
        let session = Sample.session(of: user)
        _ = try await other.insert(session, keeping: 10)
        #expect(try await storage.hasForeignChanges())
        #expect(try await !storage.hasForeignChanges())
        #expect(try await storage.find(session.key)?.session == session)
        #expect(try await !other.hasForeignChanges())
        try other.close()
    }

    @Test func `a foreign change is told although own writes came between`() async throws {
        let other = try database.open()
        _ = try await other.insert(Sample.session(of: user), keeping: 10)
        _ = try await storage.insert(Sample.session(of: user), keeping: 10)
        _ = try await storage.insert(Sample.session(of: user), keeping: 10)
        #expect(try await storage.hasForeignChanges())
        #expect(try await !storage.hasForeignChanges())
        try other.close()
    }

    @Test func `the proof is of the moment at which it was looked`() async throws {
        #expect(storage.feedProof == nil)
        var latest = ContinuousClock.now
        for _ in 0..<2 {
            _ = try await storage.changesOfOthers()
            let proof = try #require(storage.feedProof)
            #expect(proof > latest)
            latest = .now
            #expect(proof <= latest)
        }
        try storage.close()
        await #expect(throws: StorageError.closed) { try await storage.changesOfOthers() }
        #expect(try #require(storage.feedProof) <= latest)
    }

    @Test func `what another process changed is told`() async throws {
        #expect(try await !storage.hasForeignChanges())
        let script = """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1])
            db.execute("UPDATE users SET disabled = 1")
            db.commit()
            print(db.execute("SELECT count(*) FROM users WHERE disabled").fetchone()[0])
            db.close()
            """
        let printed = try database.python(script)
        #expect(printed == "1\n")
        #expect(try await storage.hasForeignChanges())
        #expect(try await !storage.hasForeignChanges())
        #expect(try await storage.user(user.id)?.isDisabled == true)
    }

    @Test(arguments: [
        "UPDATE users SET disabled = 1", "PRAGMA foreign_keys = ON; DELETE FROM users",
    ])
    func `sessions are over when their user is disabled or deleted elsewhere (ASVS 7.4.2)`(
        _ change: String
    ) async throws {
        let session = Sample.session(of: user)
        _ = try await storage.insert(session, keeping: 10)
        let script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])"
        _ = try database.python(script, change)
        #expect(try await storage.hasForeignChanges())
        #expect(try await storage.find(session.key) == nil)
        let next = Sample.session(of: user)
        await #expect(throws: StorageError.unknownUser) {
            try await storage.insert(next, keeping: 10)
        }
    }
}
