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

    /// A session as its owner sees it.
    static func session(_ session: Session, seenAt: Timestamp, isCurrent: Bool) -> JSON {
        [
            "id": .string(session.id.text),
            "createdAt": .string(UTC.text(session.createdAt.seconds)),
            "lastSeenAt": .string(UTC.text(seenAt.seconds)),
            "expiresAt": .string(UTC.text(session.expiresAt.seconds)),
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
