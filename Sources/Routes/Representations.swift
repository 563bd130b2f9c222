internal import Accounts
internal import HTTP
internal import Sessions
internal import Telemetry

extension JSON {
    /// A person as every answer shows one, with the session where it is asked for.
    static func person(_ principal: Principal, session: JSON? = nil) -> JSON {
        var members = [
            JSONMember(name: "id", value: .string(principal.id.text)),
            JSONMember(name: "username", value: .string(principal.username)),
            JSONMember(name: "email", value: JSON(principal.email)),
            JSONMember(name: "role", value: .string(principal.role)),
            JSONMember(name: "groups", value: .array(principal.groups.map { .string($0) })),
        ]
        if let session { members.append(JSONMember(name: "session", value: session)) }
        return .object(members)
    }

    /// An account as administrators see it, and its owner when they ask what is held of them.
    static func account(_ user: User) -> JSON {
        var account = person(user.principal)
        account.append("disabled", .bool(user.isDisabled))
        account.append("createdAt", .string(UTC.text(user.createdAt.seconds)))
        account.append("version", .number(Double(user.editVersion)))
        return account
    }

    /// A link by which a password is set.
    static func link(_ link: SetPasswordLink) -> JSON {
        ["url": .string(link.url), "expiresAt": .string(UTC.text(link.expiresAt.seconds))]
    }

    /// A line of the audit trail.
    static func event(_ record: AuditRecord) -> JSON {
        [
            "at": .string(UTC.text(record.at)),
            "event": .string(record.event),
            "session": JSON(record.session),
            // Where an administrator was is not the person's business.
            "ip": JSON(record.by == nil ? record.address : nil),
        ]
    }

    /// Adds a member to an object.
    mutating func append(_ name: String, _ value: JSON) {
        guard case .object(let members) = self else { return }
        self = .object(members + [JSONMember(name: name, value: value)])
    }

    /// A session as its owner sees it.
    static func session(_ session: Session, seenAt: Timestamp, isCurrent: Bool) -> JSON {
        [
            "id": .string(session.id.text),
            "createdAt": .string(UTC.text(session.createdAt.seconds)),
            "lastSeenAt": .string(UTC.text(seenAt.seconds)),
            "expiresAt": .string(UTC.text(session.expiresAt.seconds)),
            "idleExpiresAt": .string(UTC.text((seenAt + session.idleLimit).seconds)),
            "ip": .string(session.clientAddress),
            "userAgent": .string(session.userAgent),
            "device": .string(deviceName(fromUserAgent: session.userAgent)),
            "remembered": .bool(session.isRemembered),
            "current": .bool(isCurrent),
        ]
    }
}

extension Principal {
    /// The one word that simple clients ask for.
    var role: String { isAdministrator ? "admin" : "user" }
}
