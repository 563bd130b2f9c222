/// What is fuzzed: a reader of something that others write.
///
/// Each takes any bytes, does not trap, and keeps what it promises; mostly that is said by a second
/// reader, written as simply as can be and without regard to time, that must agree with the first.
enum FuzzTarget: String, CaseIterable, Sendable {
    case accept
    case accountName = "account-name"
    case cookies
    case form
    case `import`
    case json
    case origin
    case passwordHash = "password-hash"
    case percent
    case principal
    case query
    case response
    case returnPath = "return-path"
    case settings
    case site
    case ticket
    case userAgent = "user-agent"

    /// Runs the target on an input.
    ///
    /// - Throws: `BrokenPromise`, or what a step throws that must not throw.
    func run(_ bytes: [UInt8]) async throws {
        switch self {
        case .accept: try fuzzAccept(bytes)
        case .accountName: try fuzzAccountName(bytes)
        case .cookies: try fuzzCookies(bytes)
        case .form: try fuzzForm(bytes)
        case .import: try fuzzImport(bytes)
        case .json: try fuzzJSON(bytes)
        case .origin: try fuzzOrigin(bytes)
        case .passwordHash: try fuzzPasswordHash(bytes)
        case .percent: try fuzzPercent(bytes)
        case .principal: try fuzzPrincipal(bytes)
        case .query: try fuzzQuery(bytes)
        case .response: try fuzzResponse(bytes)
        case .returnPath: try fuzzReturnPath(bytes)
        case .settings: try fuzzSettings(bytes)
        case .site: try await fuzzSite(bytes)
        case .ticket: try fuzzTicket(bytes)
        case .userAgent: try fuzzUserAgent(bytes)
        }
    }
}

/// What a reader promised and did not keep.
struct BrokenPromise: Error, CustomStringConvertible {
    let description: String
}

/// Throws unless a promise is kept.
func promise(_ isKept: Bool, _ text: @autoclosure () -> String) throws {
    if !isKept { throw BrokenPromise(description: text()) }
}

/// An input cut into lines, so that seeds can be read: the first ones, and all the rest.
func lines(_ bytes: [UInt8], _ count: Int) -> (first: [String], rest: [UInt8]) {
    var first: [String] = []
    var rest = bytes[...]
    while first.count < count {
        let line = rest.prefix { $0 != UInt8(ascii: "\n") }
        first.append(String(decoding: line, as: UTF8.self))
        rest = rest.dropFirst(line.count + 1)
    }
    return (first, Array(rest))
}
