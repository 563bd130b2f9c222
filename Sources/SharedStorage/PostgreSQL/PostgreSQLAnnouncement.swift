internal import Sessions
package import Storage

extension PostgreSQLConnection {
    /// How many sessions of one transaction are told of one by one.
    private static let most = 100

    /// Notes what the other processes are told when the transaction is committed.
    ///
    /// When the sessions are elsewhere, the change of an account is written to the table
    /// `changed_users` instead, in the same transaction, for whoever sees to them.
    package func announce(_ change: StorageChange) throws {
        announcements.append(change)
    }

    /// Asks for the notifications of the transaction, before its end.
    func queueAnnouncements() throws {
        let changes = Set(announcements)
        announcements = []
        guard !changes.isEmpty else { return }
        guard hasSessions else {
            for case .user(let id) in changes { queue(Self.outboxSQL, [.id(id)]) }
            return
        }
        let told = changes.count > Self.most ? [.anything] : changes
        for change in told {
            queue(Self.notifySQL, [.text(change.payload)])
        }
    }

    /// Notifications are of a database; the number of a table of ours tells one schema from
    /// another.
    static let channelSQL = "'coatcheck_' || to_regclass('coatcheck_schema')::oid::text"

    private static let notifySQL = "SELECT pg_notify(\(channelSQL), CAST(? AS TEXT))"

    /// The state of the account at the end of the transaction; the greatest revision when it is
    /// gone.
    private static let outboxSQL = """
        INSERT INTO changed_users (user_id, revision, changed_at)
        VALUES (?1, coalesce(
            (SELECT edit_version + credential_version FROM users WHERE id = ?1),
            9223372036854775807
        ), extract(epoch FROM now())::bigint)
        ON CONFLICT (user_id) DO UPDATE SET
            revision = greatest(changed_users.revision, excluded.revision),
            changed_at = excluded.changed_at
        """
}

extension StorageChange {
    /// The change as the text of a notification.
    var payload: String {
        switch self {
        case .session(let key): "s\(Base64URL.encode(key.bytes))"
        case .user(let id): "u\(id.text)"
        case .anything: "*"
        }
    }

    /// Reads the text of a notification; what a newer version may have said is anything.
    init(payload: some StringProtocol) {
        let text = String(payload.dropFirst())
        switch payload.first {
        case "s":
            let bytes = Base64URL.decode(text, count: 32)
            self = bytes.flatMap(TokenDigest.init(bytes:)).map(StorageChange.session) ?? .anything
        case "u": self = PublicID(text: text).map(StorageChange.user) ?? .anything
        default: self = .anything
        }
    }
}
