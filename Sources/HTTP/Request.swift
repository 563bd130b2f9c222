/// What a handler may read of a request.
///
/// It is filled from the allow-list of parameters that nginx sends; no other header of the client
/// reaches it, so no header can claim an identity (ASVS 4.1.3).
package struct Request: Sendable {
    /// The method; `nil` when its token is unknown.
    package var method: Method?
    /// The prefix under which the program is mounted: "" or for example "/auth".
    package var mount: String
    /// The path within the mount, as nginx normalised it; starts with "/", and is empty
    /// when it is not below the mount.
    package var path: String
    /// The part of the request target after "?", as the client sent it.
    package var query: String
    /// The request target as the client sent it.
    package var requestURI: String
    /// The host the client asked for, with the port when that is not the scheme's own.
    package var host: String
    /// Says whether the client's connection to nginx is https.
    package var isSecure: Bool
    /// The client's address as nginx sees it.
    package var remoteAddress: String
    /// The identifier that joins the log lines of nginx and ours.
    package var requestID: String
    /// The header `Content-Type`.
    package var contentType: String?
    /// The header `Accept`.
    package var accept: String?
    /// The header `Origin`.
    package var origin: String?
    /// The header `Sec-Fetch-Site`.
    package var secFetchSite: String?
    /// The header `Sec-Fetch-Mode`.
    package var secFetchMode: String?
    /// The header `Sec-Fetch-Dest`.
    package var secFetchDest: String?
    /// The header `X-Requested-With`.
    package var requestedWith: String?
    /// The header `User-Agent`, already cut by ``cut(userAgent:)``.
    package var userAgent: String
    /// The header `Cookie`; several of them joined with "; " as nginx does.
    package var cookie: [UInt8]
    /// The body as far as it was read.
    package var body: Body

    /// Creates a request; everything but method and path has the value of "not sent".
    ///
    /// nginx sends the parameter of an absent header as an empty one, so an empty text given for
    /// an optional header is kept as `nil`.
    package init(
        method: Method?,
        mount: String = "",
        path: String,
        query: String = "",
        requestURI: String = "",
        host: String = "",
        isSecure: Bool = true,
        remoteAddress: String = "",
        requestID: String = "",
        contentType: String? = nil,
        accept: String? = nil,
        origin: String? = nil,
        secFetchSite: String? = nil,
        secFetchMode: String? = nil,
        secFetchDest: String? = nil,
        requestedWith: String? = nil,
        userAgent: String = "",
        cookie: [UInt8] = [],
        body: Body = .bytes([])
    ) {
        self.method = method
        self.mount = mount
        self.path = path
        self.query = query
        self.requestURI = requestURI
        self.host = host
        self.isSecure = isSecure
        self.remoteAddress = remoteAddress
        self.requestID = requestID
        self.contentType = Self.present(contentType)
        self.accept = Self.present(accept)
        self.origin = Self.present(origin)
        self.secFetchSite = Self.present(secFetchSite)
        self.secFetchMode = Self.present(secFetchMode)
        self.secFetchDest = Self.present(secFetchDest)
        self.requestedWith = Self.present(requestedWith)
        self.userAgent = userAgent
        self.cookie = cookie
        self.body = body
    }

    private static func present(_ header: String?) -> String? {
        guard let header, !header.isEmpty else { return nil }
        return header
    }
}

extension Request {
    /// The body of a request as far as it was read.
    package enum Body: Hashable, Sendable {
        /// All of it.
        case bytes([UInt8])
        /// It is over the limit: none of it was read, and the connection drops it.
        case tooLarge
        /// It ended before its announced length.
        case truncated
    }
}

extension Request {
    /// The most bytes of a user agent that are kept; browsers send 80 to 200.
    package static let userAgentLimit = 256

    /// Makes the header `User-Agent` fit to be stored, shown and logged.
    ///
    /// At most the first 256 bytes are kept, and every byte that is not printable ASCII becomes
    /// "?", so that it cannot forge a line of a log (ASVS 16.4.1).
    package static func cut(userAgent bytes: Span<UInt8>) -> String {
        printableASCII(bytes.extracting(first: userAgentLimit))
    }
}

/// Returns bytes as a text in which every byte that is not printable ASCII is "?".
func printableASCII(_ bytes: Span<UInt8>) -> String {
    unsafe String(unsafeUninitializedCapacity: bytes.count) { text in
        for index in bytes.indices {
            let byte = bytes[index]
            let isPrintable = (0x20...0x7E).contains(byte)
            unsafe text.initializeElement(at: index, to: isPrintable ? byte : UInt8(ascii: "?"))
        }
        return bytes.count
    }
}
