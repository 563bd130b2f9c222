internal import Accounts
internal import Sessions
internal import Testing

/// What every conformer of `ThrottleStorage` does, promise by promise.
package enum ThrottleStorageConformance {
    /// All cases, in the order of the promises.
    package static let cases = [
        ConformanceCase(1, "a counter is found as it was last written, also after reopening") {
            storage in
            let account = PublicID.random()
            let entries = [
                entry(.name("account"), 1, at: 0), entry(.name("ada"), 2, at: 1),
                entry(.device(Sample.key()), 3, at: 2),
                entry(.network(Network(address: "192.0.2.1")), 4, at: 3),
                entry(.signUp(Network(address: "192.0.2.1")), 5, at: 4),
                entry(.holder(account), Int(Int32.max), at: 5),
            ]
            try await storage.throttle.write(entries)
            let newer = entry(.name("account"), 7, at: 6)
            try await storage.throttle.write([newer])
            try await storage.throttle.write([])
            let expected = [newer] + Array(entries.dropFirst().reversed())
            #expect(try await storage.throttle.throttleEntries(limit: 100) == expected)
            let again = try await storage.reopen()
            #expect(try await again.throttle.throttleEntries(limit: 100) == expected)
        },
        ConformanceCase(1, "a counter without failures is removed, and only that") { storage in
            let kept = entry(.name("ada"), 1, at: 0)
            let reset = entry(.name("bob"), 3, at: 1)
            try await storage.throttle.write([kept, reset])
            try await storage.throttle.write([
                entry(.name("bob"), 0, at: 2), entry(.name("carl"), 0, at: 2),
            ])
            #expect(try await storage.throttle.throttleEntries(limit: 100) == [kept])
        },
        ConformanceCase(2, "at most limit counters are returned, those tried last first") {
            storage in
            let entries = (0..<20).map { entry(.name("user\($0)"), 1, at: Int64($0)) }
            try await storage.throttle.write(entries.shuffled())
            let found = try await storage.throttle.throttleEntries(limit: 5)
            #expect(found == Array(entries.reversed().prefix(5)))
            #expect(try await storage.throttle.throttleEntries(limit: 0).isEmpty)
        },
        ConformanceCase(3, "counters are removed by the time of their last try") { storage in
            let entries = (0..<4).map { entry(.name("user\($0)"), 1, at: Int64($0)) }
            try await storage.throttle.write(entries)
            try await storage.throttle.removeThrottleEntries(before: Sample.start + 2)
            let left = try await storage.throttle.throttleEntries(limit: 100)
            #expect(left == [entries[3], entries[2]])
        },
    ]

    private static func entry(_ key: ThrottleKey, _ failures: Int, at age: Int64) -> ThrottleEntry {
        ThrottleEntry(key: key, failures: failures, lastTryAt: Sample.start + age)
    }
}
