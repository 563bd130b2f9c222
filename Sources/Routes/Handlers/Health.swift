internal import HTTP

extension Site {
    /// GET /health/live: the program answers requests.
    func healthLive(_ visit: Visit) async throws(Problem) -> Response {
        .json(["status": "ok"])
    }

    /// GET /health/ready: the program can do its work, which takes its storage.
    func healthReady(_ visit: Visit) async throws(Problem) -> Response {
        await isReady() ? .json(["status": "ok"]) : .json(["status": "unavailable"], status: 503)
    }
}
