internal import HTTP

extension Site {
    /// GET /health/live: the program answers requests.
    func healthLive(_ visit: Visit) async throws(Problem) -> Response {
        .json(["status": "ok"])
    }

    /// GET /health/ready: the program can do its work, which takes its storage.
    func healthReady(_ visit: Visit) async throws(Problem) -> Response {
        guard await surroundings.isReady() else {
            var response = Response.json(["status": "unavailable"], status: 503)
            response.add("Retry-After", "5")
            return response
        }
        return .json(["status": "ok"])
    }

    /// GET /metrics: figures for Prometheus, in its text format.
    func metrics(_ visit: Visit) async throws(Problem) -> Response {
        var response = Response(status: 200)
        response.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        response.body = Array(await surroundings.metrics().utf8)
        return response
    }
}
