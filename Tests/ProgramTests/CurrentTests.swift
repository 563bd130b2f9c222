import Testing

@testable import coatcheck

/// A thing that is replaced while others read it.
@Suite struct CurrentTests {
    private final class Thing: Sendable {
        let number: Int
        let check: Int

        init(_ number: Int) {
            self.number = number
            check = -number
        }
    }

    @Test func `what was put in last is what holds`() {
        let current = Current(Thing(1))
        #expect(current.value.number == 1)
        current.replace(with: Thing(2))
        #expect(current.value.number == 2)
    }

    @Test func `the very thing is handed out, and lives on after it was replaced`() {
        let first = Thing(1)
        let current = Current(first)
        let held = current.value
        #expect(held === first)
        for number in 2..<100 { current.replace(with: Thing(number)) }
        #expect(held.check == -1)
    }

    @Test func `readers see whole things, and never an older one after a newer`() async {
        let current = Current(Thing(0))
        let last = 2000
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var seen = 0
                    while seen < last {
                        let thing = current.value
                        guard thing.check == -thing.number, thing.number >= seen else {
                            return false
                        }
                        seen = thing.number
                        if seen < last { await Task.yield() }
                    }
                    return true
                }
            }
            for number in 1...last { current.replace(with: Thing(number)) }
            for await isWhole in group { #expect(isWhole) }
        }
    }
}
