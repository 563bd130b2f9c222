import Synchronization

@testable import Sessions

/// What happened in one run: every call with the moment at which it was made and the moment at
/// which it returned.
final class History: Sendable {
    /// A moment; later ones are greater, and no two are equal.
    typealias Moment = Int

    /// What a call was.
    enum Call: Hashable, Sendable {
        case begin(SessionPolicy.Limits)
        case check
        /// A logout, or a removal by another process that this one has been told of.
        case end
        case sweep
        /// The end of all sessions of somebody; those that were known have an entry of their own.
        case endAll
    }

    /// How it returned.
    enum Outcome: Hashable, Sendable {
        /// It worked: the session is live, has begun, has ended.
        case yes
        /// A check said that there is no such session.
        case refused
        /// Storage failed and nothing is known.
        case failed
    }

    /// One call.
    struct Entry: Sendable {
        let call: Call
        /// The session it is about; `nil` for a sweep, and for a login until it returns.
        var key: TokenDigest?
        let now: Timestamp
        let invoked: Moment
        var returned: Moment = .max
        var outcome = Outcome.failed
    }

    private struct State: Sendable {
        var entries: [Entry] = []
        var moment: Moment = 0
        var evictions: [TokenDigest: [TokenDigest]] = [:]

        mutating func next() -> Moment {
            moment += 1
            return moment
        }
    }

    private let state = Mutex(State())

    /// The calls in the order in which they were made.
    var entries: [Entry] { state.withLock { $0.entries } }

    /// Notes that a call is made; the number returned stands for it.
    func invoke(_ call: Call, _ key: TokenDigest?, at now: Timestamp) -> Int {
        state.withLock { state in
            state.entries.append(Entry(call: call, key: key, now: now, invoked: state.next()))
            return state.entries.count - 1
        }
    }

    /// Notes that a call returned.
    func finish(_ index: Int, _ outcome: Outcome, key: TokenDigest? = nil) {
        state.withLock { state in
            let moment = state.next()
            state.entries[index].returned = moment
            state.entries[index].outcome = outcome
            guard let key else { return }
            state.entries[index].key = key
            let login = state.entries[index]
            guard case .begin = login.call else { return }
            // The sessions that a login pushed out, or the ticket it renewed, ended with it.
            for evicted in state.evictions[key] ?? [] {
                var end = Entry(call: .end, key: evicted, now: login.now, invoked: login.invoked)
                end.returned = moment
                end.outcome = .yes
                state.entries.append(end)
            }
        }
    }

    /// Notes that a call ended another session as well.
    func noteEnd(of key: TokenDigest, like index: Int) {
        state.withLock { state in
            var entry = state.entries[index]
            entry.key = key
            state.entries.append(entry)
        }
    }

    /// Notes which sessions a login ended.
    func note(evicted keys: [TokenDigest], by key: TokenDigest) {
        state.withLock { $0.evictions[key] = keys }
    }
}
