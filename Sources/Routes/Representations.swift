internal import HTTP
internal import Sessions
internal import Telemetry

extension JSON {
    /// A person as every answer shows one.
    static func person(_ principal: Principal) -> JSON {
        [
            "id": .string(principal.id.text),
            "username": .string(principal.username),
            "email": JSON(principal.email),
            "role": .string(principal.role),
            "groups": .array(principal.groups.map { .string($0) }),
        ]
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
