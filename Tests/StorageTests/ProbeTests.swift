import Foundation
import GRDB
import Sessions
import StorageConformance
import Testing

@testable import Storage

@Suite struct ProbeTests {
    let database: TemporaryDatabase
    let storage: SQLiteStorage

    init() throws {
        database = try TemporaryDatabase()
        storage = try database.open()
    }

    @Test func `a database that works is usable, again and again`() async throws {
        for _ in 0..<3 { try await storage.probe() }
        let writes = try storage.read { try Int.fetchOne($0.db, sql: "SELECT writes FROM probe") }
        #expect(writes == 3)
    }

    @Test(arguments: ["rm", "mv", "replace"])
    func `a file that is no longer at its path is told as io`(_ way: String) async throws {
        let path = database.path
        switch way {
        case "rm": try FileManager.default.removeItem(atPath: path)
        case "mv": try FileManager.default.moveItem(atPath: path, toPath: path + ".old")
        default:
            try FileManager.default.copyItem(atPath: path, toPath: path + ".new")
            #expect(unsafe rename(path + ".new", path) == 0)
        }
        let error = await failure { try await storage.probe() }
        #expect(error?.code == "io")
    }

    @Test func `a full disk is told as full, and usable again when there is room`() async throws {
        let disk = FullDisk()
        try await storage.writer.writeWithoutTransaction { db in
            db.add(transactionObserver: disk, extent: .databaseLifetime)
        }
        let error = await failure { try await storage.probe() }
        #expect(error?.code == "full")
        try await storage.writer.writeWithoutTransaction { $0.remove(transactionObserver: disk) }
        try await storage.probe()
    }

    @Test func `a database that refuses writes, or is closed, is not usable`() async throws {
        try await storage.writer.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA query_only = ON")
        }
        #expect(await failure { try await storage.probe() }?.code == "read-only")
        try storage.close()
        #expect(await failure { try await storage.probe() } == .closed)
    }
}

/// Turns every commit of a connection into the failure of a full disk.
private final class FullDisk: TransactionObserver, Sendable {
    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseWillCommit() throws { throw DatabaseError(resultCode: .SQLITE_FULL) }
    func databaseDidCommit(_ db: Database) {}
    func databaseDidRollback(_ db: Database) {}
}
