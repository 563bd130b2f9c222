/// A table that a move copies, row by row in the order of its key.
package struct MovableTable: Hashable, Sendable {
    /// What a column holds.
    package enum Kind: Hashable, Sendable {
        case bytes, integer, text
    }

    /// A column.
    package struct Column: Hashable, Sendable {
        /// Its name.
        package let name: String
        /// What it holds, or null.
        package let kind: Kind
    }

    /// The values of a row, in the order of the columns.
    package typealias Row = [SQLValue]

    /// The name of the table.
    package let name: String
    /// The columns, those of the primary key first.
    package let columns: [Column]
    /// How many columns the primary key has.
    package let keyCount: Int

    init(_ name: String, key: [Column], _ others: [Column]) {
        self.name = name
        columns = key + others
        keyCount = key.count
    }

    /// What there is to move, in an order in which no row refers to a later one.
    ///
    /// Keys that have ended are not moved: they open nothing at either place.
    package static let all = [users, names, groups, sessions, links, devices, throttle, audit]

    /// The sessions, which may be in another engine than the rest.
    package static let sessions = MovableTable(
        "sessions",
        key: [.bytes("key")],
        [
            .bytes("id"), .bytes("user_id"), .integer("created_at"), .integer("authenticated_at"),
            .integer("last_seen_at"), .integer("expires_at"), .integer("idle_limit"),
            .integer("remembered"), .text("client_address"), .text("user_agent"),
        ]
    )

    private static let users = MovableTable(
        "users",
        key: [.bytes("id")],
        [
            .text("username"), .text("email"), .text("password_hash"), .integer("disabled"),
            .integer("created_at"), .text("name_key"), .text("email_key"),
            .integer("credential_version"), .integer("edit_version"),
        ]
    )

    private static let names = MovableTable(
        "account_names",
        key: [.text("key")],
        [.bytes("user_id")]
    )

    private static let groups = MovableTable(
        "user_groups",
        key: [.bytes("user_id"), .text("name")],
        []
    )

    private static let links = MovableTable(
        "password_links",
        key: [.bytes("key")],
        [.bytes("user_id"), .integer("expires_at")]
    )

    private static let devices = MovableTable(
        "known_devices",
        key: [.bytes("user_id"), .bytes("key")],
        [.integer("used_at"), .integer("has_returned")]
    )

    private static let throttle = MovableTable(
        "throttle",
        key: [.integer("scope"), .bytes("key")],
        [.integer("failures"), .integer("last_try_at")]
    )

    private static let audit = MovableTable(
        "audit",
        key: [.integer("id")],
        [
            .integer("at"), .text("event"), .text("user_id"), .text("done_by"),
            .text("session_id"), .text("address"), .text("request"), .text("detail"),
        ]
    )
}

extension MovableTable.Column {
    fileprivate static func bytes(_ name: String) -> Self { Self(name: name, kind: .bytes) }
    fileprivate static func integer(_ name: String) -> Self { Self(name: name, kind: .integer) }
    fileprivate static func text(_ name: String) -> Self { Self(name: name, kind: .text) }

    /// How a value of it is written into a statement.
    var placeholder: String { kind == .text ? "CAST(? AS TEXT)" : "?" }

    /// Reads a value of it.
    func value(in row: some SQLRow, at column: Int) throws -> SQLValue {
        guard try !row.isNull(at: column) else { return .null }
        return switch kind {
        case .bytes: .bytes(try row.bytes(at: column))
        case .integer: .integer(try row.integer(at: column))
        case .text: .text(try row.text(at: column))
        }
    }
}
