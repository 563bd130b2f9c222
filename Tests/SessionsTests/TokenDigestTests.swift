import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(10)))
struct TokenDigestTests {
    @Test func `bytes go in and come out unchanged`() throws {
        let bytes = Array(UInt8(1)...32)
        let key = try digest(bytes)
        #expect(key.bytes == bytes)
        #expect(key.firstByte == 1)
    }

    @Test(arguments: [0, 31, 33, 64])
    func `any other number of bytes is refused`(count: Int) {
        #expect(TokenDigest(bytes: [UInt8](repeating: 1, count: count)) == nil)
    }

    /// The hash uses one word of four, so equality has to look at all of them.
    @Test func `digests that differ in one byte differ, and are found apart in a dictionary`()
        throws
    {
        let zero = [UInt8](repeating: 0, count: 32)
        var places: [TokenDigest: Int] = [try digest(zero): -1]
        for place in 0..<32 {
            var bytes = zero
            bytes[place] = 1
            places[try digest(bytes)] = place
        }
        #expect(places.count == 33)
        #expect(places[try digest(zero)] == -1)
    }

    @Test func `digests are ordered as SQLite orders blobs`() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            // Few values and a common beginning, so that later bytes decide as well.
            let one = (0..<32).map { _ in UInt8.random(in: 0...1, using: &generator) * 200 }
            let two =
                one.prefix(Int.random(in: 0...32, using: &generator))
                + (0..<32).map { _ in UInt8.random(in: 0...1, using: &generator) * 200 }
            let (left, right) = (try digest(one), try digest(Array(two.prefix(32))))
            #expect((left < right) == one.lexicographicallyPrecedes(two.prefix(32)))
            #expect(!(left < left))
        }
    }
}
