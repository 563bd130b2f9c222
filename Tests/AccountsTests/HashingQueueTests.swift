import Synchronization
import Testing

@testable import Accounts

@Suite struct HashingQueueTests {
    @Test func `ASVS 15.4.2: a reserve is for those who are known, and they go first`() throws {
        let queue = HashingQueue(capacity: 6, reserve: 2)
        let order = Mutex<[String]>([])
        for number in 1...6 {
            try queue.add({ order.withLock { $0.append("\(number)") } }, priority: .ordinary)
        }
        #expect(throws: HashingError.busy) { try queue.add({}, priority: .ordinary) }
        for name in ["ada", "bob"] {
            try queue.add({ order.withLock { $0.append(name) } }, priority: .preferred)
        }
        #expect(throws: HashingError.busy) { try queue.add({}, priority: .preferred) }
        for _ in 0..<8 {
            queue.next()?()
            queue.finish()
        }
        #expect(order.withLock { $0 } == ["ada", "bob", "1", "2", "3", "4", "5", "6"])
        #expect(queue.counts.finished == 8)
    }

    @Test func `those who are known may take all of the room`() throws {
        let queue = HashingQueue(capacity: 3, reserve: 1)
        for _ in 0..<4 { try queue.add({}, priority: .preferred) }
        #expect(throws: HashingError.busy) { try queue.add({}, priority: .ordinary) }
    }

    @Test(arguments: 1...3)
    func `without a reserve the room is for all`(capacity: Int) throws {
        let queue = HashingQueue(capacity: capacity)
        for _ in 0..<capacity { try queue.add({}, priority: .ordinary) }
        #expect(throws: HashingError.busy) { try queue.add({}, priority: .preferred) }
    }
}
