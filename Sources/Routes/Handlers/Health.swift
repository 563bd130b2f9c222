internal import HTTP

extension Site {
    /// GET /health/live: the program answers requests.
    func healthLive(_ visit: Visit) async throws(Problem) -> Response {
        .json(["status": "ok"])
    }

    /// GET /health/ready: the program can do its work, which takes its storage.
    func healthReady(_ visit: Visit) async throws(Problem) -> Response {
        guard await isReady() else {
            var response = Response.json(["status": "unavailable"], status: 503)
            response.add("Retry-After", "5")
            return response
        }
        return .json(["status": "ok"])
    }
}
