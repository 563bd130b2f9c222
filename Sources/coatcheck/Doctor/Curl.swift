import Foundation
import Glibc

/// Asks nginx as a visitor does, through the program curl.
///
/// It is started without a shell and without its own settings file, and is stopped when it takes
/// too long.
struct Curl {
    /// The program.
    let program: String
    /// The site.
    let site: SiteURL
    /// Whether a certificate that cannot be verified is accepted.
    var isInsecure: Bool

    /// How long one request may take, in seconds.
    private static let patience = 10
    /// The most bytes of an answer; the pages have some KiB.
    private static let limit = 1 << 20

    /// Finds curl in PATH; `nil` when it is not there.
    static func find() -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").filter { $0.hasPrefix("/") }.map { $0 + "/curl" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Sends one request to a path of the site and returns the answer.
    ///
    /// - Parameters:
    ///   - path: the path from the root of the host.
    ///   - fields: header fields such as `Accept: text/html`.
    ///   - body: the body of a POST.
    func ask(
        _ method: String,
        _ path: String,
        fields: [String] = [],
        body: String? = nil
    ) throws(CurlFailure) -> Answer {
        // -q goes first: it keeps curl from reading ~/.curlrc.
        var arguments = [
            "-q", "--silent", "--show-error", "--include", "--globoff", "--http1.1",
            "--proto", "=http,https", "--noproxy", "*", "--max-time", "\(Self.patience)",
            "--max-filesize", "\(Self.limit)", "--user-agent", "coatcheck-doctor",
            "--request", method, "--url", site.origin + path,
        ]
        if isInsecure { arguments.append("--insecure") }
        for field in fields { arguments += ["--header", field] }
        if let body { arguments += ["--data-raw", body] }
        let (output, complaint, status) = try run(arguments)
        guard status == 0 else { throw .failed(status: status, complaint: complaint) }
        guard let answer = Answer(output) else {
            throw .failed(status: status, complaint: "the answer is not HTTP")
        }
        return answer
    }

    private func run(
        _ arguments: [String]
    ) throws(CurlFailure) -> (output: [UInt8], complaint: String, status: Int32) {
        let child = try ChildProcess(program, arguments)
        // curl's own limit comes first; this is for a curl that does not keep it.
        let deadline = ContinuousClock.now + .seconds(Self.patience + 2)
        // Its complaint is one line, which the pipe holds while the output is read.
        let bytes = Self.read(child.output, until: deadline)
        let complaint = Self.read(child.complaints, until: deadline)
        let tooMuch = bytes.count > Self.mostRead
        let status = child.end(by: tooMuch ? .now : deadline)
        return (bytes, Self.firstLine(complaint), status)
    }

    /// The most bytes that are read of curl: an answer, its fields, and some more.
    private static let mostRead = limit * 2

    /// Reads to the end, the deadline or the limit, whatever comes first.
    ///
    /// The end alone would not do: a child of the program may hold the pipe open.
    private static func read(
        _ descriptor: Int32,
        until deadline: ContinuousClock.Instant
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece: [UInt8] = Array(repeating: 0, count: 16384)
        while bytes.count <= mostRead, ContinuousClock.now < deadline {
            var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            // A tenth of a second, then the deadline is looked at again.
            guard unsafe poll(&watched, 1, 100) > 0 else { continue }
            let count = unsafe Glibc.read(descriptor, &piece, piece.count)
            if count <= 0 { break }
            bytes += piece.prefix(count)
        }
        return bytes
    }

    private static func firstLine(_ bytes: [UInt8]) -> String {
        let line =
            String(decoding: bytes.prefix(1000), as: UTF8.self).split(separator: "\n").first ?? ""
        return String(line)
    }
}

/// Why curl brought no answer.
package enum CurlFailure: Error, Hashable, Sendable {
    /// It ended with a status (curl(1), EXIT CODES) and said why.
    case failed(status: Int32, complaint: String)
}
