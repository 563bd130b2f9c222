/// One line of the audit trail: who did what to whom, when and from where.
///
/// It is made of an event's name and fields alone, so it can hold no more secrets than an event.
package struct AuditRecord: Hashable, Sendable {
    /// When it happened, in seconds since 1970-01-01T00:00:00Z.
    package let at: Int64
    /// The name of the event.
    package let event: String
    /// The public id of the user whom it is about.
    package let user: String?
    /// Who did it to the user: a public id, or `console:` and a name; `nil` when it was the user.
    package let by: String?
    /// The public id of the session.
    package let session: String?
    /// The address that it came from; `console` for the command line.
    package let address: String?
    /// nginx's id of the request.
    package let request: String?
    /// The other fields, as logfmt writes them; often empty.
    package let detail: String

    /// Describes a line that was kept.
    package init(
        at: Int64,
        event: String,
        user: String? = nil,
        by: String? = nil,
        session: String? = nil,
        address: String? = nil,
        request: String? = nil,
        detail: String = ""
    ) {
        self.at = at
        self.event = event
        self.user = user
        self.by = by
        self.session = session
        self.address = address
        self.request = request
        self.detail = detail
    }

    /// Makes a line of an event; `nil` when the event is neither about people or access nor the
    /// program's starting, stopping and settings.
    package init?(_ event: Event, at seconds: Int64) {
        self.init(event, at: seconds, suppressed: 0)
    }

    init?(_ event: Event, at seconds: Int64, suppressed: Int) {
        guard event.eventName.isAudited else { return nil }
        var fields = event.fields
        if suppressed > 0 { fields.append(("suppressed", "\(suppressed)")) }
        func take(_ name: String) -> String? {
            guard let index = fields.firstIndex(where: { $0.name == name }) else { return nil }
            return LogFormat.cut(fields.remove(at: index).value)
        }
        self.at = seconds
        self.event = event.name
        self.user = take("user")
        self.by = take("by")
        self.session = take("session")
        self.address = take("address")
        self.request = take("request")
        self.detail = fields.isEmpty ? "" : LogFormat.logfmt.text(fields)
    }
}
