internal import CPostgreSQL
internal import Glibc
internal import Sessions
internal import Storage

/// What a connection that listens needs: a question whose answer is not waited for.
extension PostgreSQLConnection {
    /// Sends a question that only asks for an answer.
    func startQuestion() throws(StorageError) {
        let raw = unsafe try open()
        client.roundTrips.add(for: .other)
        guard unsafe PQsendQueryParams(raw, "SELECT 1", 0, nil, nil, nil, nil, 1) == 1,
            unsafe PQpipelineSync(raw) == 1, unsafe PQflush(raw) == 0
        else {
            fail()
            throw .lost
        }
    }

    /// Waits until something can be read, or the moment has come.
    func waitForInput(until deadline: Deadline) throws(StorageError) {
        _ = deadline.wait(for: POLLIN, of: unsafe PQsocket(try open()))
    }

    /// Reads what has come: the notifications, and whether the question is answered.
    func takeNotifications(
        answerAwaited: Bool
    ) throws(StorageError) -> (payloads: [String], isAnswered: Bool) {
        let raw = unsafe try open()
        guard unsafe PQconsumeInput(raw) == 1 else {
            fail()
            throw .lost
        }
        let isAnswered = unsafe answerAwaited ? try takeAnswer(raw) : false
        var payloads: [String] = []
        while let notification = unsafe PQnotifies(raw) {
            unsafe payloads.append(String(cString: notification.pointee.extra))
            unsafe PQfreemem(notification)
        }
        return (payloads, isAnswered)
    }

    /// Reads the answer to the question as far as it has come; `true` when it is complete.
    private func takeAnswer(_ raw: OpaquePointer) throws(StorageError) -> Bool {
        while unsafe PQisBusy(raw) == 0 {
            guard let result = unsafe PQgetResult(raw) else { continue }
            switch unsafe PostgreSQLAnswer(result).status {
            case PGRES_PIPELINE_SYNC: return true
            case PGRES_TUPLES_OK: continue
            default:
                fail()
                throw .lost
            }
        }
        return false
    }
}
