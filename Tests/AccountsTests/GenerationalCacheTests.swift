import Testing

@testable import Accounts

@Suite(.timeLimit(.minutes(10)))
struct GenerationalCacheTests {
    @Test(arguments: [2, 3, 4, 10, 1000])
    func `it never holds more than its capacity`(capacity: Int) {
        var cache = GenerationalCache<Int, Int>(capacity: capacity)
        for key in 0..<(4 * capacity) {
            cache[key] = key
            _ = cache[key / 2]
            #expect(cache.count <= capacity)
        }
    }

    @Test(arguments: [-1, 0, 1])
    func `the smallest cache holds two values`(capacity: Int) {
        var cache = GenerationalCache<Int, Int>(capacity: capacity)
        cache[1] = 10
        cache[2] = 20
        #expect(cache[1] == 10)
        #expect(cache.count <= 2)
    }

    @Test func `at least half the capacity is kept whatever comes`() {
        var cache = GenerationalCache<Int, Int>(capacity: 10)
        for key in 0..<100 { cache[key] = key }
        for key in 95..<100 { #expect(cache[key] == key) }
    }

    @Test func `what is used once per generation stays while the rest goes`() {
        var cache = GenerationalCache<Int, Int>(capacity: 10)
        cache[-1] = 7
        for key in 0..<1000 {
            cache[key] = key
            if key.isMultiple(of: 4) { #expect(cache[-1] == 7) }
        }
        #expect(cache[0] == nil)
    }

    @Test func `writing what is there makes no room and takes none`() {
        var cache = GenerationalCache<Int, Int>(capacity: 4)
        for key in 0..<4 { cache[key] = key }
        let before = cache.count
        for value in 0..<100 { cache[3] = value }
        #expect(cache.count == before)
        #expect(cache[3] == 99)
        #expect(cache[2] == 2)
    }

    /// The cache may forget; it may never remember wrongly.
    ///
    /// Any hit equals what a plain dictionary
    /// holds, so neither an old value nor a removed one comes back out of a generation.
    @Test(arguments: 0..<40)
    func `any hit is what was set last`(seed: UInt64) {
        var generator = Drawn(seed: seed)
        let capacity = Int.random(in: 1...12, using: &generator)
        var cache = GenerationalCache<Int, Int>(capacity: capacity)
        var model: [Int: Int] = [:]
        var hits = 0
        for step in 0..<3000 {
            let key = Int.random(in: 0..<20, using: &generator)
            switch Int.random(in: 0..<100, using: &generator) {
            case 0:
                cache.removeAll()
                model = [:]
                #expect(cache.count == 0)
            case 1..<15:
                cache[key] = nil
                model[key] = nil
            case 15..<55:
                cache[key] = step
                model[key] = step
            default:
                let found = cache[key]
                if let found {
                    hits += 1
                    #expect(found == model[key], "seed \(seed) step \(step)")
                }
            }
            #expect(cache.count <= max(2, capacity), "seed \(seed) step \(step)")
        }
        #expect(hits > 50, "seed \(seed) must find something to show anything")
    }
}
