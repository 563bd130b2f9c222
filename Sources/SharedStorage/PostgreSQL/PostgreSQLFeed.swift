internal import CPostgreSQL
internal import Glibc
internal import Sessions
internal import Storage

/// The changes that other processes have made, and this one, as PostgreSQL tells of them.
///
/// It has a connection and a thread of its own. PostgreSQL puts a notification on the way before it
/// acknowledges the commit, and tells it before it answers what it was asked after that. So an
/// answer proves that all is told that was acknowledged before the question, and the connection
/// asks every 50 ms. A question that is not answered in 150 ms means that the feed is lost.
///
/// The changes of this process are told too. When the connection is lost during a commit, the
/// caller does not know what became of it, and keeps in its cache what may have ended; whoever then
/// ends the same elsewhere finds nothing to do and has nothing to tell.
package final class PostgreSQLFeed: Sendable {
    private let threads: EngineThreads<PostgreSQLListener>
    private let proof = Locked<ContinuousClock.Instant?>(nil)

    /// Makes a feed that connects when it is first asked.
    init(_ client: PostgreSQLClient) {
        threads = EngineThreads(count: 1) { () throws(StorageError) in
            try PostgreSQLListener(client)
        }
    }

    /// Waits for changes, or for the proof that there are none; returns what there was.
    ///
    /// - Throws: `unavailable` when it cannot be told; the first call after that which succeeds
    ///   says that it may be anything.
    func changes() async throws(StorageError) -> [StorageChange] {
        let proof = proof
        return try await threads.perform { listener throws(StorageError) in
            defer { proof.withLock { $0 = listener.lastProof } }
            return try listener.changes(within: .milliseconds(100))
        }
    }

    /// When everything was told, as far as is known; `nil` before the first time.
    var lastProof: ContinuousClock.Instant? { proof.withLock { $0 } }

    /// How often the connection was made anew.
    var reconnects: Int { threads.reconnects }

    func close() { threads.close() }
}

/// The connection that listens.
final class PostgreSQLListener: EngineConnection {
    private let connection: PostgreSQLConnection
    private var heartbeat: Heartbeat
    private var isFresh = true

    /// Connects and listens; whatever is committed from then on is told.
    init(_ client: PostgreSQLClient) throws(StorageError) {
        connection = try client.open()
        heartbeat = Heartbeat()
        let sql = "SELECT \(PostgreSQLConnection.channelSQL)"
        let answer = try connection.ask(sql)
        let channel: String?
        do {
            channel = try answer[0].optionalText(at: 0)
        } catch {
            throw .damaged
        }
        guard let channel else { throw .unavailable(code: "schema", detail: "no tables of ours") }
        try connection.ask("LISTEN \(channel)")
    }

    /// When the last question was asked that has been answered.
    var lastProof: ContinuousClock.Instant { heartbeat.lastProof }

    var isUsable: Bool { !connection.hasFailed }
    var hasTimedOut: Bool { connection.hasTimedOut }
    func close() { connection.close() }

    /// Waits for notifications, for the answer to a question, or for so long.
    func changes(within time: Duration) throws(StorageError) -> [StorageChange] {
        let end = Deadline(in: time)
        let proof = lastProof
        var changes: Set<StorageChange> = []
        if isFresh {
            // What happened before it listened was told to nobody.
            isFresh = false
            return [.anything]
        }
        while true {
            try receive(into: &changes)
            try ask()
            guard changes.isEmpty, lastProof == proof, !end.hasPassed else {
                return Array(changes)
            }
            try connection.waitForInput(until: min(end, heartbeat.next))
        }
    }

    /// Takes what has come.
    private func receive(into changes: inout Set<StorageChange>) throws(StorageError) {
        let (payloads, isAnswered) = try connection.takeNotifications(
            answerAwaited: heartbeat.isAsking
        )
        for payload in payloads { changes.insert(StorageChange(payload: payload)) }
        if isAnswered { heartbeat.wasAnswered() }
    }

    /// Asks whether the server is there when it is time to, and gives up when it does not say.
    private func ask() throws(StorageError) {
        switch heartbeat.step() {
        case .nothing: break
        case .ask: try connection.startQuestion()
        case .giveUp:
            connection.fail(timedOut: true)
            throw .unanswered
        }
    }
}
