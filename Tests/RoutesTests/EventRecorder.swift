import Glibc
import Telemetry

/// Keeps every event in the order in which it happened.
///
/// `@unchecked Sendable`: the list is only touched while the mutex is held. It is a pthread mutex
/// because ThreadSanitizer does not see `Synchronization.Mutex` on Linux.
@safe
final class EventRecorder: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var list: [Event] = []

    init() {
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Notes an event.
    func record(_ event: Event) {
        unsafe pthread_mutex_lock(mutex)
        list.append(event)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// The events so far.
    var events: [Event] {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return list
    }

    /// The names of the events so far.
    var names: [String] { events.map(\.name) }

    /// Everything that the events would write to a log.
    var text: String {
        events.map { event in
            EventLog.line(event, at: 0, hasPriority: false) + "\(event)\n"
                + event.fields.map(\.value).joined(separator: "\n")
        }.joined()
    }
}
