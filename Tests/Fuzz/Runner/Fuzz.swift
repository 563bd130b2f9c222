internal import CFuzzer
import Dispatch
import Glibc

/// Runs libFuzzer on one target.
///
/// ```
/// fuzz TARGET [options of libFuzzer] [folders or files]
/// fuzz list
/// ```
@main
enum Fuzz {
    /// What is fuzzed; set before libFuzzer begins.
    nonisolated(unsafe) private static var target = FuzzTarget.cookies

    static func main() {
        let arguments = CommandLine.arguments
        if arguments.count == 2, arguments[1] == "list" {
            for target in FuzzTarget.allCases { print(target.rawValue) }
            return
        }
        guard arguments.count > 1, let chosen = FuzzTarget(rawValue: arguments[1]) else {
            print("usage: fuzz TARGET [libFuzzer options] [folders]; `fuzz list` names targets")
            exit(2)
        }
        unsafe target = chosen
        // libFuzzer gets the name of the program and everything behind the target's.
        let kept = [arguments[0]] + arguments.dropFirst(2)
        var texts = unsafe kept.map { unsafe strdup($0) } + [nil]
        var count = CInt(kept.count)
        let status = unsafe texts.withUnsafeMutableBufferPointer { texts in
            var start = texts.baseAddress
            return unsafe LLVMFuzzerRunDriver(&count, &start, run)
        }
        exit(status)
    }

    /// Runs the target on one input; a promise that is broken ends the process, as a trap does.
    private static let run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { data, count in
        let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
        let chosen = unsafe target
        let isOver = DispatchSemaphore(value: 0)
        // Nearly every target is over when this returns; only whole requests wait.
        Task.immediate {
            do {
                try await chosen.run(bytes)
            } catch {
                fatalError("\(chosen.rawValue): \(error)")
            }
            isOver.signal()
        }
        isOver.wait()
        return 0
    }
}
