import Testing

@testable import Telemetry

@Suite struct HistogramTests {
    private static let name = "coatcheck_check_duration_seconds"

    /// The ends and cumulative counts as they are written.
    private func buckets(_ metrics: Metrics) -> [(end: String, count: Int)] {
        metrics.text().split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\"")
            guard line.hasPrefix("\(HistogramTests.name)_bucket{le="), parts.count == 3 else {
                return nil
            }
            return Int(parts[2].dropFirst(2)).map { (String(parts[1]), $0) }
        }
    }

    @Test func `the ends are 1 µs to 1 s, as seconds, and grow`() {
        let ends = buckets(Metrics(routes: [])).map(\.end)
        #expect(
            ends == [
                "0.000001", "0.0000025", "0.000005", "0.00001", "0.000025", "0.00005", "0.0001",
                "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.1", "1",
                "+Inf",
            ]
        )
        #expect(Histogram.ends == Histogram.ends.sorted())
    }

    @Test func `a range has its upper end in it, and counts are cumulative`() {
        let metrics = Metrics(routes: [])
        var count = 0
        for end in Histogram.ends {
            for duration in [end - 1, end, end + 1] {
                metrics.checked(status: 204, nanoseconds: duration)
                count += 1
            }
        }
        let counts = buckets(metrics).map(\.count)
        #expect(counts == (0..<16).map { 3 * $0 + 2 } + [count])
        #expect(metrics.text().contains("\(HistogramTests.name)_count \(count)\n"))
    }

    @Test func `absurd durations are counted and stop nothing`() {
        let metrics = Metrics(routes: [])
        for duration in [Int64.min, -1, 0, .max, .max, .max] {
            metrics.checked(status: 204, nanoseconds: duration)
        }
        #expect(buckets(metrics).first?.count == 3)
        #expect(buckets(metrics).last?.count == 6)
    }

    @Test func `the sum is exact`() {
        let metrics = Metrics(routes: [])
        #expect(metrics.text().contains("\(HistogramTests.name)_sum 0\n"))
        metrics.checked(status: 204, nanoseconds: 1)
        #expect(metrics.text().contains("\(HistogramTests.name)_sum 0.000000001\n"))
        metrics.checked(status: 204, nanoseconds: 2_500_000_000)
        #expect(metrics.text().contains("\(HistogramTests.name)_sum 2.500000001\n"))
    }
}
