import Foundation
import Sessions
import Testing

@testable import Storage

/// Which damage to a log is told from a loss of power.
@Suite struct WriteAheadLogTests {
    private static let header = 32
    private static let frame = 24 + 4096

    private let database: TemporaryDatabase
    /// A log of many transactions.
    private let log: [UInt8]

    init() async throws {
        database = try TemporaryDatabase()
        let storage = try database.open()
        for _ in 0..<12 { try await storage.probe() }
        log = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(database.path)-wal")))
        try storage.close()
    }

    @Test func `a sound log is sound, wherever it was cut off`() throws {
        #expect(try damage(log) == nil)
        for length in stride(from: 0, to: log.count, by: 4001) {
            #expect(try damage(Array(log.prefix(length))) == nil)
        }
    }

    @Test func `a changed byte is found as long as two transactions follow`() throws {
        let frames = (log.count - Self.header) / Self.frame
        for number in 0..<(frames - 3) {
            let start = Self.header + number * Self.frame
            for offset in [0, 8, 16, 24, Self.frame - 1] {
                var changed = log
                changed[start + offset] ^= 0x10
                let found = try damage(changed)
                // A changed sum makes the next frame wrong too.
                #expect(found == number + 1, "byte \(offset) of frame \(number + 1)")
            }
        }
    }

    @Test func `a changed header is found`() throws {
        for offset in 0..<Self.header {
            var changed = log
            changed[offset] ^= 0x10
            #expect(try damage(changed) == 0, "byte \(offset)")
        }
    }

    @Test func `a header of which nothing was written is a loss of power`() throws {
        // The log begins anew over an older one, and the power goes.
        for fill: UInt8 in [0, 0xA5] {
            let changed = [UInt8](repeating: fill, count: Self.header) + log.dropFirst(Self.header)
            #expect(try damage(changed) == nil)
        }
    }

    @Test func `damage that no sound transaction follows cannot be told`() throws {
        var changed = log
        changed[log.count - 5000] ^= 0x10
        changed[log.count - 5] ^= 0x10
        #expect(try damage(changed) == nil)
    }

    @Test func `no log is no damage`() {
        #expect(WriteAheadLog.damagedFrame(at: "\(database.path)-none") == nil)
    }

    private func damage(_ octets: [UInt8]) throws -> Int? {
        let path = "\(database.path)-changed"
        try Data(octets).write(to: URL(fileURLWithPath: path))
        return WriteAheadLog.damagedFrame(at: path)
    }
}
