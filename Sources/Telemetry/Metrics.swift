import Synchronization

/// The numbers that Prometheus reads.
///
/// Labels come from fixed lists, so nobody can make the metrics grow. Counting takes no lock and
/// allocates nothing.
package final class Metrics: Sendable {
    /// The statuses that are told apart; every other one is counted as `other`.
    static let statuses = [
        200, 201, 204, 303, 400, 401, 403, 404, 405, 409, 412, 413, 415, 429, 500, 503,
    ]
    /// The statuses of checks that are told apart.
    static let checkStatuses = [204, 401, 403, 500, 503]

    /// The labels of the routes, with `other` as the last.
    let routes: [String]
    /// The requests, by route and within it by status.
    let requests: [Counter]
    let checks = CheckMeter()
    let events: [Counter]
    private let places: [String: Int]

    /// Creates metrics of the routes with these labels; what is no route is counted as `other`.
    package init(routes: [String]) {
        var labels: [String] = []
        for route in routes + ["other"] where !labels.contains(route) { labels.append(route) }
        // In its place even if a route has that label.
        labels.removeAll { $0 == "other" }
        labels.append("other")
        self.routes = labels
        self.places = Dictionary(
            uniqueKeysWithValues: labels.enumerated().map { ($0.element, $0.offset) }
        )
        self.requests = (0..<labels.count * (Metrics.statuses.count + 1)).map { _ in Counter() }
        self.events = EventName.allCases.map { _ in Counter() }
    }

    /// Counts an answer to a request, checks of `auth_request` apart.
    package func answered(route: String, status: Int) {
        let route = places[route] ?? routes.count - 1
        let place = Metrics.place(of: status, in: Metrics.statuses)
        requests[route * (Metrics.statuses.count + 1) + place].add()
    }

    /// Counts a check of `auth_request` and how long it took.
    package func checked(status: Int, nanoseconds: Int64) {
        checks.withOwnStripe { stripe in
            // The first one is that of most checks.
            let place =
                status == 204 ? 0 : Metrics.place(of: status, in: Metrics.checkStatuses)
            stripe.statuses[place].wrappingAdd(1, ordering: .relaxed)
            stripe.durations.add(nanoseconds: nanoseconds)
        }
    }

    /// Counts an event, whether or not it is logged.
    package func count(_ event: Event) {
        events[event.eventName.rawValue].add()
    }

    /// Notes that a worker has begun to serve a request.
    package func workerBegan() {
        checks.withOwnStripe { _ = $0.busyWorkers.wrappingAdd(1, ordering: .relaxed) }
    }

    /// Notes that a worker has done with a request.
    package func workerEnded() {
        checks.withOwnStripe { _ = $0.busyWorkers.wrappingSubtract(1, ordering: .relaxed) }
    }

    /// The place of a status in a list; the place after the last for one that is not in it.
    private static func place(of status: Int, in list: [Int]) -> Int {
        var place = 0
        while place < list.count, list[place] != status { place += 1 }
        return place
    }
}
