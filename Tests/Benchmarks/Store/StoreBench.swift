internal import ArgumentParser

/// Measures the store by itself, without hashing and without nginx: `swift run -c release
/// store-bench`.
///
/// Everything is asked for by the calls that the program makes, on a file of its own that is
/// removed at the end. One caller waits for the disk at each operation; many share the wait, and
/// the ratio says what that is worth. Rounds of one and of many callers alternate, so both meet the
/// same disk; figures are medians of the rounds, with the lowest and the highest.
@main
struct StoreBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store-bench",
        abstract: "Measure durable operations and look-ups of the store."
    )

    @Option(help: "How many sessions the store holds; several runs with commas between.")
    var sessions = "1000,1000000"
    @Option(help: "How many rounds.") var rounds = 5
    @Option(help: "How many seconds a measurement lasts.") var seconds = 1.0
    @Option(help: "How many callers share transactions.") var callers = 64
    @Option(help: "In which folder the file is made; by default that for temporary files.")
    var folder: String?
    @Flag(help: "Print JSON instead of a table.") var json = false

    func validate() throws {
        guard !sizes.isEmpty, (sizes.min() ?? 0) >= callers, rounds > 0, seconds > 0, callers > 0
        else {
            throw ValidationError("Give numbers above zero.")
        }
    }

    func run() async throws {
        var report = Report()
        for size in sizes {
            let stage = try await Stage(sessions: size, in: folder)
            try await report.durable.append(
                stage.durable(
                    rounds: rounds,
                    lasting: .seconds(seconds),
                    callers: callers
                )
            )
            try await report.lookups += stage.lookups(rounds: rounds, callers: callers)
            try stage.close()
        }
        print(json ? try report.json : report.markdown)
    }

    private var sizes: [Int] {
        let sizes = sessions.split(separator: ",").map { Int($0) ?? 0 }
        return sizes.allSatisfy { $0 > 0 } ? sizes : []
    }
}
