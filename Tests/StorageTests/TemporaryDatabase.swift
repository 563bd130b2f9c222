import Foundation
import Sessions
import StorageConformance
@testable import Storage

/// A folder of its own for a database, removed with the value.
final class TemporaryDatabase: Sendable {
    /// The folder.
    let folder: String
    /// Where the database is or will be.
    var path: String { folder + "/coatcheck.db" }

    init() throws {
        folder = NSTemporaryDirectory() + "coatcheck-storage-" + PublicID.random().text
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Opens it with little patience for locks.
    func open(lockWait: Int = 200) throws(StorageError) -> SQLiteStorage {
        try SQLiteStorage(path: path, readers: 4, lockWait: lockWait)
    }

    /// The bits of the mode of a file of the database.
    func mode(of suffix: String = "") throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: path + suffix)
        return attributes[.posixPermissions] as? Int
    }

    /// Runs a Python script to its end and returns what it printed.
    ///
    /// Not by Foundation's `Process`, which reads past the end of a buffer when it starts a program
    /// (swift-corelibs-foundation, pull request 5472).
    func python(_ script: String, _ arguments: String...) throws -> String {
        let file = folder + "/script.py"
        try Data(script.utf8).write(to: URL(fileURLWithPath: file))
        let words = ["/usr/bin/env", "python3", file, path] + arguments
        let command = words.map { "'\($0)'" }.joined(separator: " ")
        guard let pipe = unsafe popen(command, "r") else { throw CocoaError(.executableLoad) }
        var printed: [UInt8] = []
        while case let byte = unsafe fgetc(pipe), byte != EOF { printed.append(UInt8(byte)) }
        guard unsafe pclose(pipe) == 0 else { throw CocoaError(.executableLoad) }
        return String(decoding: printed, as: UTF8.self)
    }
}

extension StorageUnderTest {
    /// A fresh SQLite storage for the conformance suites.
    @Sendable
    static func sqlite() async throws -> StorageUnderTest {
        let database = try TemporaryDatabase()
        return try StorageUnderTest(database, database.open())
    }

    private init(_ database: TemporaryDatabase, _ storage: SQLiteStorage) {
        self.init(sessions: storage, accounts: storage, throttle: storage) {
            try storage.close()
            return StorageUnderTest(database, try database.open())
        }
    }
}
