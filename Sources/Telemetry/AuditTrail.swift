import Glibc

/// The lines of the audit trail that wait to be written to storage, so many at most.
///
/// Workers add lines and never wait for storage; one task takes them out in batches. When there is
/// no room the newest line is dropped and counted. What an outsider can cause at will is bounded by
/// `EventRate`. The lock is a pthread mutex because ThreadSanitizer does not see
/// `Synchronization.Mutex` on Linux; it is held for no longer than it takes to move lines.
///
/// `@unchecked Sendable`: the variables are only touched while the mutex is held.
@safe
package final class AuditTrail: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let capacity: Int
    private let rate = EventRate()
    private var waiting: [AuditRecord] = []
    private var dropped = 0

    /// Creates a trail with room for so many lines.
    ///
    /// 10,000 lines are some 3 MB, and two minutes of all that `EventRate` lets pass.
    package init(capacity: Int = 10_000) {
        self.capacity = capacity
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Adds a line about an event, if it is one for the trail.
    package func record(_ event: Event, at seconds: Int64) {
        guard
            event.eventName.isAudited,
            let heldBack = rate.pass(event.eventName, at: seconds),
            let record = AuditRecord(event, at: seconds, suppressed: heldBack)
        else { return }
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        if waiting.count < capacity { waiting.append(record) } else { dropped += 1 }
    }

    /// Takes out the oldest lines.
    package func take(atMost limit: Int) -> [AuditRecord] {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        let taken = Array(waiting.prefix(max(0, limit)))
        waiting.removeFirst(taken.count)
        return taken
    }

    /// Puts lines back that were taken out and could not be written, before those that wait.
    ///
    /// The newest are dropped when there is no longer room for all.
    package func putBack(_ records: [AuditRecord]) {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        waiting.insert(contentsOf: records, at: 0)
        let excess = max(0, waiting.count - capacity)
        waiting.removeLast(excess)
        dropped += excess
    }

    /// How many lines were dropped since this was last asked.
    package func takeDropped() -> Int {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        defer { dropped = 0 }
        return dropped
    }

    /// How many lines wait.
    package var count: Int {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return waiting.count
    }
}
