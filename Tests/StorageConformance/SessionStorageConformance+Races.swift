internal import Accounts
internal import Sessions
internal import Testing

extension SessionStorageConformance {
    /// Promises 4 to 8 when everything happens at once.
    static let races = [
        ConformanceCase(5, "whatever 32 tasks do at once, an ended session never comes back") {
            storage in
            let users = [
                try await storage.signUp(Sample.user("ada")),
                try await storage.signUp(Sample.user("bob")),
            ]
            let ledger = Ledger()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<32 {
                    group.addTask {
                        let player = Player(
                            user: users[number % 2],
                            sessions: storage.sessions,
                            ledger: ledger
                        )
                        for _ in 0..<40 { try await player.move() }
                    }
                }
                try await group.waitForAll()
            }
            for (key, isLive) in await ledger.verdicts {
                #expect((try await storage.sessions.find(key) != nil) == isLive)
            }
            let again = try await storage.reopen()
            for (key, isLive) in await ledger.verdicts {
                #expect((try await again.sessions.find(key) != nil) == isLive)
                #expect((try await again.sessions.ended(key) != nil) != isLive)
            }
        }
    ]
}

/// What has been acknowledged so far: which sessions began, and which of them ended.
private actor Ledger {
    private(set) var verdicts: [TokenDigest: Bool] = [:]
    private var sessions: [TokenDigest: Session] = [:]

    func began(_ session: Session) {
        verdicts[session.key] = verdicts[session.key] ?? true
        sessions[session.key] = session
    }
    func ended(_ key: TokenDigest) { verdicts[key] = false }
    func hasEnded(_ key: TokenDigest) -> Bool { verdicts[key] == false }
    func any() -> Session? { sessions.values.randomElement() }
}

/// A task that does one thing after the other to sessions that others use as well.
private struct Player {
    let user: User
    let sessions: any SessionStorage
    let ledger: Ledger

    func move() async throws {
        guard let session = await ledger.any(), Int.random(in: 0..<6) > 0 else {
            return try await begin()
        }
        let key = session.key
        switch Int.random(in: 0..<7) {
        case 0:
            _ = try await sessions.remove(key)
            await ledger.ended(key)
        case 1:
            _ = try await sessions.remove(session.id, of: session.userID, at: Sample.start)
            await ledger.ended(key)
        case 2:
            try await replace(session)
        case 3, 4:
            let time = Sample.start + Int64.random(in: 0..<1000)
            try await sessions.touch([SessionUse(key: key, seenAt: time)])
        default:
            let hadEnded = await ledger.hasEnded(key)
            let found = try await sessions.find(key)
            #expect(!(hadEnded && found != nil), "an ended session was found")
        }
    }

    private func begin() async throws {
        let session = Sample.session(of: user)
        _ = try await sessions.insert(session, keeping: 10_000)
        await ledger.began(session)
    }

    private func replace(_ old: Session) async throws {
        let hadEnded = await ledger.hasEnded(old.key)
        let session = Sample.session(of: old.userID)
        do {
            _ = try await sessions.replace(old.key, with: session)
            #expect(!hadEnded, "an ended session was replaced")
            await ledger.began(session)
        } catch StorageError.unknownUser {
            // Somebody was quicker.
        }
        await ledger.ended(old.key)
    }
}
