import Synchronization

@testable import Sessions

/// One small world for one history: a store, its clock, and everybody who uses it.
final class World: Sendable {
    private let scheduler: SeededScheduler
    private let history = History()
    private let storage = MemoryStorage()
    private let store: SessionStore
    private let people = [makePrincipal("ada"), makePrincipal("bob")]
    private let clock: Mutex<Timestamp>
    private let keys = Mutex<[TokenDigest]>([])

    private static let clients = 4
    private static let steps = 12

    init(seed: UInt64) {
        scheduler = SeededScheduler(seed: seed)
        clock = Mutex(start)
        store = SessionStore(
            storage: DelayedStorage(base: storage, scheduler: scheduler, history: history)
        )
    }

    /// Lives through the history and returns what was seen.
    func run() async -> [History.Entry] {
        for person in people { await storage.add(person) }
        for _ in 0..<World.clients {
            Task(executorPreference: scheduler) { [self] in await client() }
        }
        Task(executorPreference: scheduler) { [self] in await keeper() }
        Task(executorPreference: scheduler) { [self] in await outsider() }
        scheduler.run()
        return history.entries
    }

    // MARK: who lives there

    /// Somebody with a browser.
    private func client() async {
        for _ in 0..<World.steps {
            await scheduler.pause()
            passTime()
            switch scheduler.draw(1...12) {
            case 1...2: await logIn()
            case 3: await logOut()
            case 4: await renew()
            case 5: await endByID()
            default: await check()
            }
        }
    }

    /// The timers of the program.
    private func keeper() async {
        var cursor: TokenDigest?
        for _ in 0..<World.steps {
            await scheduler.pause()
            if scheduler.draw(0...1) == 0 {
                try? await store.writeUses()
                continue
            }
            if scheduler.draw(1...4) == 1 { await endAll() }
            let now = clock.withLock(\.self)
            let index = history.invoke(.sweep, nil, at: now)
            let step = try? await store.sweep(at: now, after: cursor, limit: 2)
            cursor = step?.cursor
            history.finish(index, step == nil ? .failed : .yes)
        }
    }

    /// Another process: it ends sessions in storage, and this one learns of it by emptying its
    /// cache, or has stopped caching because it could not learn of it.
    private func outsider() async {
        for _ in 0..<World.steps {
            await scheduler.pause()
            guard let key = anyKey() else { continue }
            let isBlind = scheduler.draw(0...1) == 0
            if isBlind { await store.suspendCaching() }
            let now = clock.withLock(\.self)
            let index = history.invoke(.end, key, at: now)
            await scheduler.pause()
            await storage.removeFromOutside(key)
            if !isBlind { await store.forgetAll() }
            history.finish(index, .yes)
            await scheduler.pause()
            if isBlind { await store.resumeCaching() }
        }
    }

    // MARK: what they do

    private func logIn() async {
        let now = clock.withLock(\.self)
        let isRemembered = scheduler.draw(1...4) == 1
        let limits = shortPolicy.limits(isRemembered: isRemembered)
        let index = history.invoke(.begin(limits), nil, at: now)
        let person = people[scheduler.draw(0...1)]
        do {
            let new = try await store.begin(
                for: person.id,
                isRemembered: isRemembered,
                at: now
            )
            history.finish(index, .yes, key: new.session.key)
            keys.withLock { $0.append(new.session.key) }
        } catch {
            history.finish(index, .failed)
        }
    }

    private func logOut() async {
        guard let key = anyKey() else { return }
        let now = clock.withLock(\.self)
        let index = history.invoke(.end, key, at: now)
        do {
            let ended = try await store.end(key, at: now)
            history.finish(index, .yes)
            if let ended, ended.key != key { history.noteEnd(of: ended.key, like: index) }
        } catch {
            history.finish(index, .failed)
        }
    }

    /// Ends a session by its public id, whatever its key is by then; that there is none is no
    /// answer about any key.
    private func endByID() async {
        guard let key = anyKey(), let session = await storage.record(key) else { return }
        let now = clock.withLock(\.self)
        let index = history.invoke(.end, nil, at: now)
        do {
            let ended = try await store.end(session.id, of: session.userID, at: now)
            history.finish(index, ended == nil ? .failed : .yes, key: ended?.key)
        } catch {
            history.finish(index, .failed)
        }
    }

    /// Ends all sessions of somebody: those that had begun before are over.
    private func endAll() async {
        let person = people[scheduler.draw(0...1)]
        let now = clock.withLock(\.self)
        let known = keys.withLock(\.self)
        var owned: [(TokenDigest, Int)] = []
        for key in known where await storage.owner(of: key) == person.id {
            owned.append((key, history.invoke(.end, key, at: now)))
        }
        let rest = history.invoke(.endAll, nil, at: now)
        let isDone = (try? await store.endAll(of: person.id, at: now)) != nil
        for (_, index) in owned { history.finish(index, isDone ? .yes : .failed) }
        history.finish(rest, isDone ? .yes : .failed)
    }

    /// The owner proves the password again: the session goes on under another key.
    private func renew() async {
        guard let key = anyKey(), let old = await storage.record(key) else { return }
        let now = clock.withLock(\.self)
        let limits = shortPolicy.limits(isRemembered: old.isRemembered)
        let index = history.invoke(.begin(limits), nil, at: now)
        let new = shortPolicy.renewed(old, client: device, at: now)
        do {
            _ = try await store.renew(
                key,
                as: new,
                for: Authentication(userID: old.userID, credentialVersion: 1)
            )
            history.finish(index, .yes, key: new.session.key)
            keys.withLock { $0.append(new.session.key) }
        } catch {
            history.finish(index, .failed)
        }
    }

    private func check() async {
        guard let key = anyKey() else { return }
        let now = clock.withLock(\.self)
        let index = history.invoke(.check, key, at: now)
        do {
            let session = try await store.check(key, at: now)
            history.finish(index, session == nil ? .refused : .yes)
        } catch {
            history.finish(index, .failed)
        }
    }

    /// One of the last few sessions, so that several callers meet at one.
    private func anyKey() -> TokenDigest? {
        keys.withLock { keys in
            guard !keys.isEmpty else { return nil }
            return keys[max(0, keys.count - scheduler.draw(1...3))]
        }
    }

    /// Moves the clock: mostly a little, sometimes to the idle limit, now and then back.
    private func passTime() {
        let step =
            switch scheduler.draw(1...20) {
            case 1: -scheduler.draw(1...100)
            case 2: scheduler.draw(40...70)
            case 3...6: scheduler.draw(5...20)
            case 7...12: 1
            default: 0
            }
        clock.withLock { $0 = $0 + Int64(step) }
    }
}
