internal import Sessions
internal import Storage

/// The keys in Redis.
///
/// Each begins with the prefix of the settings, so that other programs can have theirs beside it.
/// Ids, digests and records are bytes as they are, numbers are decimal text. All is written by the
/// scripts in `Scripts`.
///
/// - `s:` and the digest of a ticket: the record of a session (`RedisRecord`). It is written once
///   and deleted once, and never changed.
/// - `i:` and the id of a user: a sorted set of the digests of the user's sessions by the time when
///   each was last used.
/// - `u:` and the id of a user: a hash of what a check tells of the user, as the accounts said
///   last. `v`: the revision, edit version plus credential version, which only grows; `c`: the
///   credential version; `d`: 1 when nobody may sign in; `n`: the username; `g`: the groups with
///   U+001F between them; `m`: the email address, where there is one. It is missing until it is
///   needed, and for a user who was deleted it is `d` 1 and the greatest revision.
/// - `e:` and the digest of a ticket: the id of a session that has ended, its user, and when.
/// - `x`: a sorted set of the digests of all sessions by the time when each is over if it is not
///   used again after it was looked at last.
/// - `z`: a sorted set of the digests of ended sessions by the time when they ended.
/// - `p`: what the probe writes.
///
/// What a check tells is one round trip: `s:`, then the `u:` and the place in the `i:` of the user
/// whom the record names.
///
/// A session counts only while its credential version is that of `u:`, so a new password ends all
/// of them by one write, before they are deleted.
///
/// The server's own expiry is only for cleaning up, with a margin of a day, and counts from the
/// time of the caller: `s:` and `i:` go a day after the session is over, `e:` after two days, `u:`
/// after thirty days, however it is used, and is then read from the accounts again; that of a user
/// who was deleted after a day.
struct RedisKeys: Hashable, Sendable {
    /// What every key of ours begins with.
    let prefix: [UInt8]

    /// How many seconds what a check tells of a user is kept.
    static let userLifetime: Int64 = 30 * 86_400

    /// How many seconds something is kept by the server after nobody needs it.
    static let margin: Int64 = 86_400

    /// The latest time that a sorted set keeps exactly: its numbers are doubles.
    private static let latest: Int64 = 1 << 53

    /// The name of a key.
    func key(_ name: String, _ bytes: [UInt8] = []) -> [UInt8] {
        prefix + name.utf8 + bytes
    }

    /// What of ours a key that the server names is about; `nil` when that is of no concern to a
    /// cache.
    func change(of key: [UInt8]) -> StorageChange? {
        guard key.starts(with: prefix) else { return nil }
        let name = key[prefix.count...].prefix(2)
        let rest = Array(key[prefix.count...].dropFirst(2))
        if name.elementsEqual("s:".utf8) { return TokenDigest(bytes: rest).map { .session($0) } }
        if name.elementsEqual("u:".utf8) { return PublicID(bytes: rest).map { .user($0) } }
        return nil
    }

    /// A time as a sorted set keeps it.
    static func score(_ time: Timestamp) -> [UInt8] {
        Array("\(min(max(time.seconds, -latest), latest))".utf8)
    }

    /// A number of seconds after which the server deletes a key: a year at most, one at least.
    static func lifetime(_ seconds: Int64) -> [UInt8] {
        Array("\(min(max(seconds, 1), 366 * 86_400))".utf8)
    }
}
