import Glibc
internal import HTTP
import Synchronization

/// A thread that takes requests from the door, one at a time, and runs their handlers.
///
/// The thread is the task executor (SE-0417) of one task that lives as long as the worker. That
/// task waits for a connection, which blocks the thread, and then awaits the responder; what the
/// responder awaits comes back to this thread through the worker's job queue. So a handler never
/// moves to another thread, the number of requests in work is the number of workers, and an actor
/// that is free is entered without leaving the thread.
///
/// Blocking in that task is harmless: a job is queued on a worker only while the request that it
/// serves is suspended, and while it waits for a request it serves none. Tasks of the program's own
/// that call the same actors name an executor (`globalConcurrentExecutor`): one without a
/// preference may go on on the worker's thread on which the actor let go of it.
final class Worker: TaskExecutor {
    private let jobs = JobQueue()
    private let door: Door
    private let places: Places
    private let work: Places.Work
    /// Whether the worker has a place; only its own thread looks.
    private let hasPlace = Atomic(false)
    private let respond: Responder
    private let report: @Sendable (WorkerEvent) -> Void

    init(
        door: Door,
        places: Places,
        number: Int,
        report: @escaping @Sendable (WorkerEvent) -> Void,
        respond: @escaping Responder
    ) {
        self.door = door
        self.places = places
        work = places.work(of: number)
        self.report = report
        self.respond = respond
    }

    func enqueue(_ job: consuming ExecutorJob) {
        jobs.push(UnownedJob(job))
    }

    /// Serves on the calling thread until the door is shut.
    func run() {
        Task(executorPreference: self) {
            await self.serve()
            self.jobs.close()
        }
        let executor = unsafe asUnownedTaskExecutor()
        // With nothing to run the request is suspended: it needs no place for now.
        jobs.run(pause: leavePlace) { job in unsafe job.runSynchronously(on: executor) }
    }

    /// Gives the worker's place away in the middle of a request, when it has one.
    private func leavePlace() {
        guard hasPlace.load(ordering: .relaxed) else { return }
        places.end(work)
        givePlace()
    }

    private func givePlace() {
        hasPlace.store(false, ordering: .relaxed)
        places.give()
    }

    /// Waits for the next request on the worker's place, or for a place first.
    private func next(after last: Arrival?) -> Arrival? {
        if hasPlace.load(ordering: .relaxed) {
            places.end(work)
            if places.isCrowded { givePlace() }
        }
        if !hasPlace.load(ordering: .relaxed) {
            guard places.take() else { return nil }
            hasPlace.store(true, ordering: .relaxed)
        }
        guard let arrival = door.next(after: last, report) else {
            givePlace()
            return nil
        }
        places.begin(work)
        return arrival
    }

    /// Answers one request after the other, each on whatever connection has one.
    private func serve() async {
        let connection = Connection()
        var last: Arrival?
        while let arrival = next(after: last) {
            last = arrival
            guard connection.open(arrival) else {
                report(.malformedRequest)
                continue
            }
            let response: Response
            if connection.isComplete {
                response = await respond(connection.request)
            } else {
                report(.malformedRequest)
                response = Response(status: 400)
            }
            if connection.answer(with: response) { door.keep(arrival) }
        }
    }
}
