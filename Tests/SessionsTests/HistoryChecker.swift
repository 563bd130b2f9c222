@testable import Sessions

/// Decides whether a history is one that the store promises.
///
/// It knows nothing of caches, revisions or storage, only of what callers saw, so it cannot share
/// a mistake with the store. Calls that overlap may have happened in either order; a call that
/// was made after another returned came after it.
struct HistoryChecker {
    /// The calls about one session.
    private struct Life {
        let limits: SessionPolicy.Limits
        let begin: History.Entry
        var checks: [History.Entry] = []
        var ends: [History.Entry] = []
        var sweeps: [History.Entry] = []
        /// Ends of all sessions of somebody, which may have met this one.
        var endings: [History.Entry] = []

        var accepted: [History.Entry] { checks.filter { $0.outcome == .yes } }
        var expiresAt: Timestamp { begin.now + limits.absolute }
    }

    /// Returns a sentence for each promise that the history breaks.
    static func violations(in entries: [History.Entry]) -> [String] {
        lives(in: entries).flatMap { life in
            life.checks.compactMap { check in
                switch check.outcome {
                case .yes: wrongAcceptance(check, in: life)
                case .refused: wrongRefusal(check, in: life)
                case .failed: nil
                }
            }
        }
    }

    private static func lives(in entries: [History.Entry]) -> [Life] {
        var lives: [TokenDigest: Life] = [:]
        for entry in entries {
            guard case .begin(let limits) = entry.call, let key = entry.key else { continue }
            lives[key] = Life(limits: limits, begin: entry)
        }
        let sweeps = entries.filter { $0.call == .sweep }
        for entry in entries {
            guard let key = entry.key else { continue }
            if entry.call == .check { lives[key]?.checks.append(entry) }
            if entry.call == .end { lives[key]?.ends.append(entry) }
        }
        let endings = entries.filter { $0.call == .endAll }
        for key in lives.keys {
            lives[key]?.sweeps = sweeps
            lives[key]?.endings = endings
        }
        return Array(lives.values)
    }

    /// An accepted check, made when the session was over for certain.
    private static func wrongAcceptance(_ check: History.Entry, in life: Life) -> String? {
        let end = life.ends.first { $0.outcome == .yes && $0.returned < check.invoked }
        if let end { return "accepted at \(check.invoked), though ended by \(end.returned)" }
        let refusal = life.checks.first {
            $0.outcome == .refused && $0.returned < check.invoked
        }
        if let refusal, !isBeingEnded(life, between: refusal, and: check) {
            return "accepted at \(check.invoked), though refused by \(refusal.returned)"
        }
        if check.now >= life.expiresAt { return "accepted at \(check.invoked), though expired" }
        // At most as late as the latest use of which the store can have known.
        let lastUse = life.checks
            .filter { $0.invoked != check.invoked && $0.invoked < check.returned }
            .map(\.now).reduce(life.begin.now, max)
        guard check.now - lastUse < life.limits.idle else {
            return "accepted at \(check.invoked), though idle since \(lastUse.seconds)"
        }
        return nil
    }

    /// Whether an end that a refusal may have seen had not returned when a later check was made.
    ///
    /// Until then the session is neither: storage has let go of it, and a shard may not know yet.
    private static func isBeingEnded(
        _ life: Life,
        between refusal: History.Entry,
        and check: History.Entry
    ) -> Bool {
        let judges = (life.checks + life.sweeps).filter { mayExpire(life, by: $0) }
        return (life.ends + life.endings + judges).contains {
            $0.invoked < refusal.returned && $0.returned > check.invoked
                && $0.invoked != check.invoked
        }
    }

    /// A refused check, though nothing that can have ended the session had begun.
    private static func wrongRefusal(_ check: History.Entry, in life: Life) -> String? {
        // The end of all may have met it, whoever's it is.
        let isEnded = (life.ends + life.endings).contains {
            ($0.outcome == .yes || $0.call == .endAll) && $0.invoked < check.returned
        }
        let isExpired = (life.checks + life.sweeps).contains { judge in
            judge.invoked < check.returned && mayExpire(life, by: judge)
        }
        return isEnded || isExpired ? nil : "refused at \(check.invoked), though live"
    }

    /// Whether a check or a sweep may have found the session over.
    private static func mayExpire(_ life: Life, by judge: History.Entry) -> Bool {
        if judge.now >= life.expiresAt { return true }
        let slack = SessionPolicy.touchInterval(idleLimit: life.limits.idle)
        // At least as late as the earliest moment to which a known use can have been rounded.
        let lastUse = life.accepted
            .filter { $0.returned < judge.invoked }
            .map { $0.now + -slack }
            .reduce(life.begin.now, max)
        return judge.now - lastUse >= life.limits.idle
    }
}
