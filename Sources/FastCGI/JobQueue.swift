import Glibc

/// The jobs that wait for one worker's thread.
///
/// It is the only queue between Swift's concurrency runtime and a thread of ours: `push` may be
/// called from any thread, `run` by the thread that owns the queue. The lock is a pthread mutex
/// because the thread must be able to sleep on it, and because ThreadSanitizer does not see
/// `Synchronization.Mutex` on Linux.
///
/// `@unchecked Sendable`: `jobs` and `isClosed` are only touched while the mutex is held.
@safe
final class JobQueue: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [UnownedJob] = []
    private var isClosed = false

    init() {
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(filled, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(filled)
        unsafe pthread_mutex_destroy(mutex)
        unsafe filled.deallocate()
        unsafe mutex.deallocate()
    }

    /// Adds a job and wakes the owner when it sleeps.
    ///
    /// It signals with the mutex held: once that is free the job can run, and it may be the one
    /// after which the owner ends and takes the queue with it.
    func push(_ job: UnownedJob) {
        unsafe pthread_mutex_lock(mutex)
        if jobs.isEmpty { unsafe pthread_cond_signal(filled) }
        jobs.append(job)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Lets `run` return once the jobs that are queued by now have run.
    func close() {
        unsafe pthread_mutex_lock(mutex)
        isClosed = true
        unsafe pthread_cond_signal(filled)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Runs jobs on the calling thread, in the order they came, until the queue is closed and
    /// empty.
    ///
    /// - Parameter pause: what is done before the thread sleeps because there are none.
    func run(pause: () -> Void, _ execute: (UnownedJob) -> Void) {
        var batch: [UnownedJob] = []
        while takeAll(into: &batch, pause) {
            for job in batch { execute(job) }
            batch.removeAll(keepingCapacity: true)
        }
    }

    /// Waits for jobs and swaps them into the empty `batch`; `false` means closed and empty.
    private func takeAll(into batch: inout [UnownedJob], _ pause: () -> Void) -> Bool {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while jobs.isEmpty {
            if isClosed { return false }
            pause()
            unsafe pthread_cond_wait(filled, mutex)
        }
        swap(&jobs, &batch)
        return true
    }
}
