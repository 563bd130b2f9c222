import Testing

@testable import Telemetry

@Suite struct MetricsTests {
    private func lines(_ metrics: Metrics, _ readings: [Reading] = []) -> [String] {
        metrics.text(reading: readings).split(separator: "\n").map(String.init)
    }

    @Test func `requests are counted by route and status, from fixed lists`() {
        let metrics = Metrics(routes: ["/login", "/me", "/login", "other"])
        metrics.answered(route: "/login", status: 200)
        metrics.answered(route: "/login", status: 200)
        metrics.answered(route: "/me", status: 418)
        metrics.answered(route: "/\"} 1\nforged 1", status: -1)
        metrics.answered(route: "other", status: 503)
        #expect(
            lines(metrics).filter { $0.hasPrefix("coatcheck_requests_total") } == [
                #"coatcheck_requests_total{route="/login",status="200"} 2"#,
                #"coatcheck_requests_total{route="/me",status="other"} 1"#,
                #"coatcheck_requests_total{route="other",status="503"} 1"#,
                #"coatcheck_requests_total{route="other",status="other"} 1"#,
            ]
        )
    }

    @Test(arguments: Metrics.statuses)
    func `every status of the list is counted as itself`(status: Int) {
        let metrics = Metrics(routes: ["/a", "/b"])
        metrics.answered(route: "/b", status: status)
        let line = "coatcheck_requests_total{route=\"/b\",status=\"\(status)\"} 1"
        #expect(lines(metrics).contains(line))
    }

    @Test func `checks are counted by status, those without any too`() {
        let metrics = Metrics(routes: [])
        for status in [204, 204, 401, 403, 500, 200] {
            metrics.checked(status: status, nanoseconds: 1)
        }
        #expect(
            lines(metrics).filter { $0.hasPrefix("coatcheck_checks_total") } == [
                #"coatcheck_checks_total{status="204"} 2"#,
                #"coatcheck_checks_total{status="401"} 1"#,
                #"coatcheck_checks_total{status="403"} 1"#,
                #"coatcheck_checks_total{status="500"} 1"#,
                #"coatcheck_checks_total{status="503"} 0"#,
                #"coatcheck_checks_total{status="other"} 1"#,
            ]
        )
    }

    @Test func `an event is counted by its name, whatever the log does`() {
        let metrics = Metrics(routes: [])
        for event in EventTests.lines.map(\.event) { metrics.count(event) }
        let text = lines(metrics)
        for name in Event.allNames {
            let count = EventTests.lines.count { $0.event.name == name }
            #expect(text.contains("coatcheck_events_total{event=\"\(name)\"} \(count)"))
        }
    }

    @Test func `busy workers go up and down`() {
        let metrics = Metrics(routes: [])
        metrics.workerBegan()
        metrics.workerBegan()
        metrics.workerEnded()
        #expect(lines(metrics).contains("coatcheck_workers_busy 1"))
    }

    @Test func `readings of one name are one group, and labels cannot forge a line`() {
        let readings = [
            Reading("a_total", help: "A \\ B\nC", kind: .counter, value: 3, labels: [("x", "1")]),
            Reading("b", help: "B.", kind: .gauge, value: 0.5),
            Reading(
                "a_total",
                help: "A",
                kind: .counter,
                value: 4,
                labels: [("x", "q\"} 9\nforged 1\\"), ("y", "é")]
            ),
            Reading("c", help: "C.", kind: .gauge, value: -.infinity),
            Reading("d", help: "D.", kind: .gauge, value: Double.nan),
        ]
        #expect(
            lines(Metrics(routes: []), readings).suffix(12)
                == [
                    #"# HELP a_total A \\ B\nC"#, "# TYPE a_total counter", #"a_total{x="1"} 3"#,
                    #"a_total{x="q\"} 9\nforged 1\\",y="é"} 4"#,
                    "# HELP b B.", "# TYPE b gauge", "b 0.5",
                    "# HELP c C.", "# TYPE c gauge", "c -Inf",
                    "# HELP d D.", "# TYPE d gauge", "d NaN",
                ].suffix(12)
        )
    }

    @Test func `every number has its help and type before it, once`() {
        let metrics = Metrics(routes: ["/a"])
        metrics.answered(route: "/a", status: 200)
        var typed: [String] = []
        for line in lines(metrics) {
            let words = line.split(separator: " ")
            if line.hasPrefix("# TYPE ") { typed.append(String(words[2])) }
            if line.hasPrefix("#") { continue }
            let name = words[0].prefix { $0 != "{" }
            #expect(name.hasPrefix(typed.last ?? "?"), "\(line)")
            #expect(words.count == 2)
        }
        #expect(Set(typed).count == typed.count)
        #expect(metrics.text().hasSuffix("\n"))
    }

    @Test func `threads lose no count`() async {
        let metrics = Metrics(routes: ["/a", "/b"])
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<8 {
                group.addTask {
                    for turn in 0..<10_000 {
                        metrics.answered(route: thread % 2 == 0 ? "/a" : "/b", status: 200)
                        metrics.checked(status: 204, nanoseconds: Int64(turn) * 1000)
                        metrics.count(.changeFeedLost)
                        metrics.workerBegan()
                        metrics.workerEnded()
                    }
                }
            }
        }
        let text = lines(metrics)
        #expect(text.contains(#"coatcheck_requests_total{route="/a",status="200"} 40000"#))
        #expect(text.contains(#"coatcheck_requests_total{route="/b",status="200"} 40000"#))
        #expect(text.contains(#"coatcheck_checks_total{status="204"} 80000"#))
        #expect(text.contains("coatcheck_check_duration_seconds_count 80000"))
        // 8 times the sum of 0 to 9999 microseconds.
        #expect(text.contains("coatcheck_check_duration_seconds_sum 399.96"))
        #expect(text.contains(#"coatcheck_events_total{event="change_feed_lost"} 80000"#))
        #expect(text.contains("coatcheck_workers_busy 0"))
    }
}
