import Synchronization

extension Metrics {
    /// The media type of `text`.
    package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// Writes every number in Prometheus' text format, version 0.0.4.
    ///
    /// `readings` are numbers that are kept elsewhere. Those of one name are written together,
    /// with the help and kind of the first. Each number is read by itself while others move, so
    /// two need not be of the very same moment; a histogram's count is always the sum of its
    /// ranges.
    package func text(reading readings: [Reading] = []) -> String {
        var exposition = Exposition()
        addRequests(to: &exposition)
        addChecks(to: &exposition)
        addDurations(to: &exposition)
        exposition.begin("coatcheck_events_total", help: "Events by name.", type: "counter")
        for name in EventName.allCases {
            let labels = Exposition.labels([("event", name.text)])
            exposition.add(
                "coatcheck_events_total",
                labels,
                value: "\(events[name.rawValue].value)"
            )
        }
        exposition.begin(
            "coatcheck_workers_busy",
            help: "Workers that serve a request now.",
            type: "gauge"
        )
        exposition.add(
            "coatcheck_workers_busy",
            value: "\(checks.sum { $0.busyWorkers.load(ordering: .relaxed) })"
        )
        add(readings, to: &exposition)
        return exposition.text
    }

    private func addRequests(to exposition: inout Exposition) {
        let name = "coatcheck_requests_total"
        exposition.begin(name, help: "Requests by route and status.", type: "counter")
        for (index, counter) in requests.enumerated() {
            let value = counter.value
            // 17 statuses of every route would be mostly zeros; the first request adds a line.
            if value == 0 { continue }
            let (route, status) = index.quotientAndRemainder(
                dividingBy: Metrics.statuses.count + 1
            )
            let labels = Exposition.labels([
                ("route", routes[route]), ("status", Metrics.label(status, Metrics.statuses)),
            ])
            exposition.add(name, labels, value: "\(value)")
        }
    }

    private func addChecks(to exposition: inout Exposition) {
        let name = "coatcheck_checks_total"
        exposition.begin(name, help: "Checks of auth_request by status.", type: "counter")
        for place in 0...Metrics.checkStatuses.count {
            let label = Metrics.label(place, Metrics.checkStatuses)
            exposition.add(
                name,
                Exposition.labels([("status", label)]),
                value: "\(checks.sum { $0.statuses[place].load(ordering: .relaxed) })"
            )
        }
    }

    private func addDurations(to exposition: inout Exposition) {
        let name = "coatcheck_check_duration_seconds"
        exposition.begin(name, help: "How long checks of auth_request took.", type: "histogram")
        let ends = Histogram.ends.map { Exposition.seconds(UInt64($0)) } + ["+Inf"]
        let nanoseconds = checks.sum { $0.durations.nanosecondCount }
        var sum: UInt64 = 0
        for (range, end) in ends.enumerated() {
            sum += checks.sum { $0.durations.count(of: range) }
            exposition.add("\(name)_bucket", Exposition.labels([("le", end)]), value: "\(sum)")
        }
        exposition.add("\(name)_sum", value: Exposition.seconds(nanoseconds))
        exposition.add("\(name)_count", value: "\(sum)")
    }

    private func add(_ readings: [Reading], to exposition: inout Exposition) {
        var names: [String] = []
        for reading in readings where !names.contains(reading.name) {
            names.append(reading.name)
            exposition.begin(reading.name, help: reading.help, type: reading.kind.rawValue)
            for member in readings where member.name == reading.name {
                exposition.add(member.name, member.labels, value: member.value)
            }
        }
    }

    private static func label(_ place: Int, _ statuses: [Int]) -> String {
        place < statuses.count ? "\(statuses[place])" : "other"
    }
}
