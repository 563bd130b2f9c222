internal import CLinux
import Glibc
import Synchronization

/// How many workers are awake: about as many as there are processors.
///
/// A worker needs a place to wait for requests and to serve them. Beyond the number of processors
/// more of them only wake each other: with 64 clients on two processors, three answer 1.4 times as
/// many checks as sixteen. So the others rest, and take over where one cannot go on:
/// - A worker whose request is suspended (it waits for a hash or a commit) gives its place away.
/// - One that has been at a request for longer than `patience` without that (it waits for a peer
///   or the disk) keeps its place and another one gets one beside it; `watch` looks for these.
///
/// So a stuck peer holds one worker and no more, and `workers` requests can be in work at a time.
///
/// `@unchecked Sendable`: what is no `let` is only touched while the mutex is held.
@safe
final class Places: @unchecked Sendable {
    /// How long a worker may be at one request before its place counts as lost, in milliseconds.
    ///
    /// A check takes some hundredth of one, an account page one or two.
    private static let patience = 2

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let freed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let woken = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let regular: Int
    private var lost = 0
    private var taken = 0
    private var isClosed = false
    private let works: [Work]
    /// Whether more are taken than there are, so that somebody should rest.
    private let crowded = Atomic(false)
    /// Whether nothing has been served for a while, so that nobody need look after it.
    private let isQuiet = Atomic(false)

    /// What one worker is doing.
    final class Work: Sendable {
        /// Counts up when it begins a request on its place and when it ends it: odd in between.
        fileprivate let step = Atomic<UInt64>(0)
    }

    /// Makes places for as many workers as can run at once, and one more.
    init(workers: Int, processors: Int = sysconf(CInt(_SC_NPROCESSORS_ONLN))) {
        regular = min(max(1, processors) + 1, workers)
        works = (0..<workers).map { _ in Work() }
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(freed, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(woken, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(woken)
        unsafe pthread_cond_destroy(freed)
        unsafe pthread_mutex_destroy(mutex)
        unsafe woken.deallocate()
        unsafe freed.deallocate()
        unsafe mutex.deallocate()
    }

    /// What the worker of a number is doing, for it to tell.
    func work(of worker: Int) -> Work { works[worker] }

    /// Whether a worker that has ended its request should give its place away.
    var isCrowded: Bool { crowded.load(ordering: .relaxed) }

    /// Waits for a place; `false` once there is nothing to be served any more.
    func take() -> Bool {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while taken >= regular + lost {
            if isClosed { return false }
            unsafe pthread_cond_wait(freed, mutex)
        }
        taken += 1
        return true
    }

    /// Gives a place away.
    func give() {
        unsafe pthread_mutex_lock(mutex)
        taken -= 1
        settle()
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Notes that a worker begins a request on its place.
    func begin(_ work: Work) {
        // In this order, and `watch` in the other: one of the two notices.
        work.step.wrappingAdd(1, ordering: .sequentiallyConsistent)
        guard isQuiet.load(ordering: .sequentiallyConsistent) else { return }
        unsafe pthread_mutex_lock(mutex)
        isQuiet.store(false, ordering: .relaxed)
        unsafe pthread_cond_signal(woken)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Notes that a worker is no longer at a request on its place.
    func end(_ work: Work) {
        work.step.wrappingAdd(1, ordering: .relaxed)
    }

    /// Wakes everybody, to end.
    func close() {
        unsafe pthread_mutex_lock(mutex)
        isClosed = true
        unsafe pthread_cond_broadcast(freed)
        unsafe pthread_cond_signal(woken)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Counts the places that are lost for now, again and again, on the calling thread until
    /// `close`.
    func watch() {
        var seen = works.map { _ in UInt64(0) }
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while !isClosed {
            let steps = steps
            let isAnyBusy = steps.contains { $0 % 2 == 1 }
            lost = zip(steps, seen).count { $0 == $1 && $0 % 2 == 1 }
            settle()
            isQuiet.store(!isAnyBusy && steps == seen, ordering: .sequentiallyConsistent)
            let mayRest = isQuiet.load(ordering: .relaxed) && self.steps == steps
            seen = steps
            rest(for: mayRest ? nil : Places.patience)
        }
    }

    /// A number that moves whenever a worker begins a request or ends it, for now or for good.
    var progress: UInt64 { steps.reduce(0, &+) }

    private var steps: [UInt64] {
        works.map { $0.step.load(ordering: .sequentiallyConsistent) }
    }

    /// Waits, with the mutex held, for so many milliseconds, or until somebody begins something.
    private func rest(for milliseconds: Int?) {
        guard let milliseconds else {
            unsafe pthread_cond_wait(woken, mutex)
            return
        }
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        time.tv_nsec += milliseconds * 1_000_000
        if time.tv_nsec >= 1_000_000_000 {
            time.tv_nsec -= 1_000_000_000
            time.tv_sec += 1
        }
        unsafe pthread_cond_timedwait(woken, mutex, &time)
    }

    /// Makes what has changed known, with the mutex held.
    private func settle() {
        crowded.store(taken > regular + lost, ordering: .relaxed)
        let free = regular + lost - taken
        if free > 1 { unsafe pthread_cond_broadcast(freed) }
        if free == 1 { unsafe pthread_cond_signal(freed) }
    }
}
