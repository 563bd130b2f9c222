internal import HTTP
internal import Sessions
internal import Telemetry

/// A cookie that carries a ticket: its name and attributes by rule.
///
/// There are two: that of the session, and that of the known device.
///
/// | path     | over https        | over plain http |
/// | -------- | ----------------- | --------------- |
/// | `/`      | `__Host-NAME`     | `NAME`          |
/// | another  | `__Secure-NAME`   | `NAME`          |
///
/// `__Host-` is the strongest promise that a browser keeps about where a cookie came from (ASVS
/// 3.3.3), but it exists for the path `/` only. The path is that of the mount unless the settings
/// name one; a program mounted at `/auth` that guards the whole site sets it to `/`.
package final class TicketCookie: Sendable {
    private let isSecure: Bool
    private let fixedPath: String?
    /// Whether the path is "/", where the settings name one.
    private let isPathRoot: Bool?
    private let hostName: String
    private let otherName: String
    private let hostNameBytes: [UInt8]
    private let otherNameBytes: [UInt8]

    /// Describes the cookie.
    ///
    /// - Parameters:
    ///   - name: the name without a prefix.
    ///   - path: the path, or `nil` to follow the mount.
    ///   - isSecure: whether it is sent over https only.
    package init(name: String, path: String?, isSecure: Bool) {
        self.isSecure = isSecure
        fixedPath = path
        isPathRoot = path.map { $0 == "/" }
        hostName = isSecure ? "__Host-" + name : name
        otherName = isSecure ? "__Secure-" + name : name
        hostNameBytes = Array(hostName.utf8)
        otherNameBytes = Array(otherName.utf8)
    }

    /// What a request's cookies say about its session.
    enum Finding: Sendable {
        /// There is no session cookie.
        case none
        /// There is one, and it holds the text of a ticket with this digest.
        case ticket(TokenDigest)
        /// There is one that no server of ours has set.
        case suspicious(Event.SuspiciousCookie)
    }

    /// Finds the ticket in a Cookie header.
    ///
    /// Two cookies of our name are none: which of them the browser meant cannot be known, and
    /// one may have been planted (RFC 6265bis section 8.6).
    func find(in header: Span<UInt8>, mount: String) -> Finding {
        find(in: header, isMountedAtRoot: mount.isEmpty)
    }

    /// Finds the ticket; all that it needs to know of the mount is whether it is "/".
    func find(in header: Span<UInt8>, isMountedAtRoot: Bool) -> Finding {
        switch CookieHeader.find(nameBytes(atRoot: isMountedAtRoot), in: header) {
        case .absent: .none
        case .repeated: .suspicious(.repeated)
        case .found(let range):
            if let digest = Ticket.digest(of: header.extracting(range)) {
                .ticket(digest)
            } else if range.isEmpty {
                .none
            } else {
                .suspicious(.malformed)
            }
        }
    }

    /// Every ticket in a Cookie header, also where there is more than one.
    ///
    /// For ending sessions only: whoever logs out means all of them. Each costs a write, so at most
    /// four are taken: one per path and prefix that a browser could hold of us, and one planted.
    func tickets(in header: Span<UInt8>, mount: String) -> [TokenDigest] {
        var tickets: [TokenDigest] = []
        CookieHeader.forEach(nameBytes(at: mount), in: header) { range in
            guard tickets.count < 4 else { return }
            let ticket = Ticket.digest(of: header.extracting(range))
            if let ticket, !tickets.contains(ticket) { tickets.append(ticket) }
        }
        return tickets
    }

    /// The Set-Cookie value that gives the browser a ticket for as long as the session may last.
    ///
    /// Its expiry is a courtesy: the server decides.
    func giving(_ ticket: Ticket, for seconds: Int64, mount: String) -> String {
        cookie(ticket.text, maxAge: Int(seconds), mount: mount)
    }

    /// The Set-Cookie value that gives the browser once more the ticket that it sent, so that it is
    /// kept for some time from now on; `nil` when it sent none.
    func givingAgain(
        from header: Span<UInt8>,
        for seconds: Int64,
        mount: String
    ) -> String? {
        guard case .found(let range) = CookieHeader.find(nameBytes(at: mount), in: header),
            Ticket.digest(of: header.extracting(range)) != nil
        else { return nil }
        let value = String(decoding: range.map { header[$0] }, as: UTF8.self)
        return cookie(value, maxAge: Int(seconds), mount: mount)
    }

    /// The Set-Cookie value that takes the ticket away.
    func clearing(mount: String) -> String {
        cookie("", maxAge: 0, mount: mount)
    }

    private func cookie(_ value: String, maxAge: Int, mount: String) -> String {
        let path = path(at: mount)
        return SetCookie(
            name: path == "/" ? hostName : otherName,
            value: value,
            path: path,
            maxAge: maxAge,
            isSecure: isSecure
        ).headerValue
    }

    private func path(at mount: String) -> String {
        fixedPath ?? (mount.isEmpty ? "/" : mount)
    }

    private func nameBytes(at mount: String) -> [UInt8] {
        nameBytes(atRoot: mount.isEmpty)
    }

    private func nameBytes(atRoot isMountedAtRoot: Bool) -> [UInt8] {
        isPathRoot ?? isMountedAtRoot ? hostNameBytes : otherNameBytes
    }
}
