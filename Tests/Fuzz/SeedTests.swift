import Foundation
import Testing

/// Every seed and every input that once broke something, through the functions that `make fuzz`
/// runs.
@Suite(.serialized) struct SeedTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "seeds")

    private static func seeds(of target: FuzzTarget) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: target.rawValue),
            includingPropertiesForKeys: nil
        )
    }

    @Test(arguments: FuzzTarget.allCases)
    func `no seed breaks a promise`(target: FuzzTarget) async throws {
        let seeds = try Self.seeds(of: target)
        #expect(!seeds.isEmpty)
        for seed in seeds {
            await #expect(throws: Never.self, "\(target.rawValue)/\(seed.lastPathComponent)") {
                try await target.run(Array(try Data(contentsOf: seed)))
            }
        }
    }

    /// A few inputs of each target without libFuzzer, so that every run tries something new.
    @Test(arguments: FuzzTarget.allCases)
    func `no damaged seed breaks a promise`(target: FuzzTarget) async throws {
        let seeds = try Self.seeds(of: target).map { Array(try Data(contentsOf: $0)) }
        for _ in 0..<100 {
            guard var bytes = seeds.randomElement() else { return }
            for _ in 0..<Int.random(in: 1...4) where !bytes.isEmpty {
                let place = bytes.indices.randomElement() ?? 0
                switch Int.random(in: 0..<3) {
                case 0: bytes[place] = .random(in: 0...255)
                case 1: bytes.removeSubrange(place..<min(place + 8, bytes.count))
                default: bytes.insert(contentsOf: seeds.randomElement()?.prefix(8) ?? [], at: place)
                }
            }
            await #expect(throws: Never.self, "\(target.rawValue): \(bytes)") {
                try await target.run(bytes)
            }
        }
    }
}
