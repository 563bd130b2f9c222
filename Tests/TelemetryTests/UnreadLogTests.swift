import Glibc
import Telemetry
import Testing

@Suite struct UnreadLogTests {
    /// A worker that waits for a log serves nobody.
    @Test(.timeLimit(.minutes(10)))
    func `a log that nobody reads holds nothing up, and says what it dropped`() async {
        await #expect(processExitsWith: .success) {
            var ends: [CInt] = [0, 0]
            guard unsafe pipe(&ends) == 0, dup2(ends[1], STDERR_FILENO) >= 0 else { exit(2) }
            let log = EventLog(threshold: .debug, hasPriorities: false)
            // A pipe holds 64 KiB; these are ten times as much.
            for _ in 0..<10_000 { log.record(.foreignChangesSeen) }
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            guard unsafe read(ends[0], &buffer, buffer.count) > 0 else { exit(3) }
            log.record(.changeFeedBack)
            let count = unsafe read(ends[0], &buffer, buffer.count)
            let line = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
            guard line.contains("event=change_feed_back dropped_before=") else { exit(4) }
            exit(0)
        }
    }
}
