import Testing

@testable import Sessions

/// Any interleaving of logins, checks, uses, expiry, sweeps and logouts, with reads and writes of
/// storage delayed in between and failing now and then: an ended session is never accepted again.
///
/// Each history is one run of a few clients, a keeper that does the upkeep, and an outsider, all
/// on one thread that a seed steers, over storage that suspends every call before and after its
/// effect. What callers saw is then judged by `HistoryChecker`.
///
/// Why it would notice a shard that forgot its revision: a check finds nothing in the cache and
/// reads storage; the read has its picture and pauses; a logout of the same session removes it,
/// tells the cache and returns; the read arrives and is cached. From then on every check of that
/// key says yes without asking storage. Clients here share few keys, so in a share of all
/// histories some check is made after that logout returned, and the checker's first rule (no
/// acceptance after an end that had returned) names it. The other rules watch the opposite
/// mistake: a session refused though nobody ended it.
@Suite(.timeLimit(.minutes(10)))
struct SessionHistoryTests {
    @Test(arguments: 0..<20)
    func `no history accepts an ended session or refuses a live one`(block: UInt64) async {
        for seed in (block * 100)..<(block * 100 + 100) {
            let entries = await World(seed: seed).run()
            let violations = HistoryChecker.violations(in: entries)
            #expect(violations.isEmpty, "seed \(seed)")
        }
    }

    /// A generator that never reaches the interesting states would prove nothing.
    @Test func `histories are full of overlapping calls of every kind`() async {
        var accepted = 0
        var refused = 0
        var failed = 0
        var overlaps = 0
        for seed in UInt64(0)..<100 {
            let entries = await World(seed: seed).run()
            accepted += entries.count { $0.call == .check && $0.outcome == .yes }
            refused += entries.count { $0.call == .check && $0.outcome == .refused }
            failed += entries.count { $0.outcome == .failed }
            overlaps += entries.count { check in
                check.call == .check
                    && entries.contains {
                        $0.call == .end && $0.key == check.key && $0.invoked < check.returned
                            && check.invoked < $0.returned
                    }
            }
        }
        #expect(accepted > 500)
        #expect(refused > 500)
        #expect(failed > 100)
        #expect(overlaps > 100)
    }

    /// The checker itself, on histories written by hand.
    @Test func `the checker names an acceptance after a logout and a refusal of the living`()
        throws
    {
        let key = try digest(1)
        let begin = entry(.begin(.init(absolute: 600, idle: 60)), key, 1...2)
        let end = entry(.end, key, 3...6)
        let cases: [(History.Entry, String?)] = [
            (entry(.check, key, 4...5), nil),
            (entry(.check, key, 5...9), nil),
            (entry(.check, key, 7...8), "ended"),
            (entry(.check, key, 4...5, .refused), nil),
            (entry(.check, key, 7...8, .refused), nil),
            (entry(.check, key, 7...8, .failed), nil),
        ]
        for (check, complaint) in cases {
            let found = HistoryChecker.violations(in: [begin, end, check])
            #expect(found.count == (complaint == nil ? 0 : 1))
            #expect(found.allSatisfy { $0.contains(complaint ?? "") })
        }
        let early = entry(.check, key, 2...3, .refused)
        #expect(HistoryChecker.violations(in: [begin, early]).count == 1)
        #expect(
            HistoryChecker.violations(in: [begin, entry(.check, key, 3...4, at: 60)]).count == 1
        )
        #expect(
            HistoryChecker.violations(in: [begin, entry(.check, key, 3...4, .refused, at: 60)])
                .isEmpty
        )
        let kept = entry(.check, key, 3...4, at: 50)
        let late = entry(.check, key, 5...6, .refused, at: 100)
        #expect(HistoryChecker.violations(in: [begin, kept, late]).count == 1)
    }

    private func entry(
        _ call: History.Call,
        _ key: TokenDigest,
        _ span: ClosedRange<Int>,
        _ outcome: History.Outcome = .yes,
        at seconds: Int64 = 0
    ) -> History.Entry {
        History.Entry(
            call: call,
            key: key,
            now: start + seconds,
            invoked: span.lowerBound,
            returned: span.upperBound,
            outcome: outcome
        )
    }
}
