internal import Foundation

/// What was measured.
struct Report: Encodable {
    /// How many durable operations were done in a time, and what they took of the processors.
    struct Rate: Encodable {
        let perSecond: Double
        /// Microseconds of all threads for one operation.
        let processor: Double
    }

    /// Durable operations, with one caller and with many, by round.
    struct Durable: Encodable {
        let sessions: Int
        let callers: Int
        var one: [Rate] = []
        var many: [Rate] = []

        /// How many times as many operations the callers of each round did together as one alone.
        var ratios: [Double] { zip(many, one).map { $0.perSecond / $1.perSecond } }
    }

    /// Microseconds that looking something up took on the calling thread.
    struct Lookup: Encodable {
        let sessions: Int
        let what: String
        var medians: [Double] = []
        var slowest99: [Double] = []
        var slowest: [Double] = []

        /// Adds the times of a round.
        mutating func add(_ times: [Double]) {
            let times = times.sorted()
            medians.append(times[times.count / 2])
            slowest99.append(times[times.count * 99 / 100])
            slowest.append(times[times.count - 1])
        }
    }

    var durable: [Durable] = []
    var lookups: [Lookup] = []

    /// The figures of each round, for programs.
    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// Two tables, for people.
    var markdown: String {
        var lines = [
            "| sessions | callers | operations/s by one | by all together | ratio "
                + "| CPU by one, µs | together, µs |",
            "|---|---|---|---|---|---|---|",
        ]
        for row in durable {
            lines.append(
                "| \(row.sessions) | \(row.callers) | \(median(row.one.map(\.perSecond), 0)) "
                    + "| \(median(row.many.map(\.perSecond), 0)) | \(spread(row.ratios)) "
                    + "| \(median(row.one.map(\.processor), 0)) "
                    + "| \(median(row.many.map(\.processor), 1)) |"
            )
        }
        lines += [
            "", "| sessions | look-up | median, µs | p99, µs | slowest, µs |",
            "|---|---|---|---|---|",
        ]
        for row in lookups {
            lines.append(
                "| \(row.sessions) | \(row.what) | \(spread(row.medians)) "
                    + "| \(spread(row.slowest99)) | \(median(row.slowest, 0)) |"
            )
        }
        return lines.joined(separator: "\n")
    }

    private func spread(_ values: [Double]) -> String {
        let low = text(values.min() ?? 0, 1)
        let high = text(values.max() ?? 0, 1)
        return "\(median(values, 1)) (\(low) to \(high))"
    }

    private func median(_ values: [Double], _ digits: Int) -> String {
        text(values.isEmpty ? 0 : values.sorted()[values.count / 2], digits)
    }

    private func text(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }
}
