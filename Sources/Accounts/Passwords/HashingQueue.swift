import Glibc

/// The jobs that wait for the hashing threads, so many at most.
///
/// A job counts from `add` until it calls `finish`. The lock is a pthread mutex because threads
/// sleep on it, and because ThreadSanitizer does not see `Synchronization.Mutex` on Linux.
///
/// `@unchecked Sendable`: the variables are only touched while the mutex is held.
@safe
final class HashingQueue: @unchecked Sendable {
    typealias Job = @Sendable () -> Void

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let capacity: Int
    private let reserve: Int
    private var jobs: [Job] = []
    private var preferred: [Job] = []
    private var unfinished = 0
    private var finished = 0
    private var isClosed = false

    /// Creates a queue for so many jobs, running ones included, and a reserve for preferred ones.
    init(capacity: Int, reserve: Int = 0) {
        self.capacity = capacity
        self.reserve = reserve
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(filled, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(filled)
        unsafe pthread_mutex_destroy(mutex)
        unsafe filled.deallocate()
        unsafe mutex.deallocate()
    }

    /// Adds a job without ever waiting for room.
    ///
    /// The reserve is for preferred jobs alone, which also go first: however many strangers try
    /// passwords, those who are known get through.
    ///
    /// - Throws: `.busy` when there is no room, `.stopped` after `close`.
    func add(_ job: @escaping Job, priority: HashingPriority) throws(HashingError) {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        if isClosed { throw .stopped }
        if unfinished >= capacity + (priority == .preferred ? reserve : 0) { throw .busy }
        unfinished += 1
        if priority == .preferred { preferred.append(job) } else { jobs.append(job) }
        unsafe pthread_cond_signal(filled)
    }

    /// Waits for a job; `nil` when the queue is closed and empty.
    func next() -> Job? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while jobs.isEmpty, preferred.isEmpty {
            if isClosed { return nil }
            unsafe pthread_cond_wait(filled, mutex)
        }
        return preferred.isEmpty ? jobs.removeFirst() : preferred.removeFirst()
    }

    /// Makes room for another job: the work of one is done.
    ///
    /// A job calls it before it gives its answer away, so whoever has that answer finds room.
    func finish() {
        unsafe pthread_mutex_lock(mutex)
        unfinished -= 1
        finished += 1
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Takes no more jobs, and lets `next` end once those that wait have been taken.
    func close() {
        unsafe pthread_mutex_lock(mutex)
        isClosed = true
        unsafe pthread_cond_broadcast(filled)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// How many jobs have done their work, and how many are waiting or running.
    var counts: (finished: Int, unfinished: Int) {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return (finished, unfinished)
    }
}
