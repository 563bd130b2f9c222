internal import Accounts
import Glibc
internal import Sessions
internal import Storage
internal import Telemetry

/// What the metrics ask of the parts when somebody reads them.
struct Figures: Sendable {
    let storage: SQLiteStorage
    let sessions: SessionStore
    let hasher: PasswordHasher
    let throttle: LoginThrottle
    let workers: Int
    /// The path of the database.
    let path: String

    /// The figures of this moment; what storage cannot say is left out.
    func readings() async -> [Reading] {
        let cache = await sessions.statistics
        var readings = [
            Reading(
                "coatcheck_workers",
                help: "Worker threads.",
                kind: .gauge,
                value: workers
            ),
            Reading(
                "coatcheck_session_cache_entries",
                help: "Sessions held in memory.",
                kind: .gauge,
                value: cache.entries
            ),
            Reading(
                "coatcheck_session_cache_bytes",
                help: "Memory that they take.",
                kind: .gauge,
                value: cache.bytes
            ),
            Reading(
                "coatcheck_session_cache_hits_total",
                help: "Session checks answered from memory.",
                kind: .counter,
                value: cache.hits
            ),
            Reading(
                "coatcheck_session_cache_misses_total",
                help: "Session checks that asked storage.",
                kind: .counter,
                value: cache.misses
            ),
            Reading(
                "coatcheck_password_queue",
                help: "Passwords being hashed or waiting for it.",
                kind: .gauge,
                value: hasher.unfinishedCount
            ),
            Reading(
                "coatcheck_passwords_hashed_total",
                help: "Passwords hashed or verified.",
                kind: .counter,
                value: hasher.finishedCount
            ),
            Reading(
                "coatcheck_throttle_entries",
                help: "Counters of failed tries held in memory.",
                kind: .gauge,
                value: await throttle.count
            ),
        ]
        readings += fileSizes
        if let count = try? await storage.sessionCount() {
            readings.append(
                Reading(
                    "coatcheck_sessions_live",
                    help:
                        "Sessions in the store, of which a few may have expired and not been swept.",
                    kind: .gauge,
                    value: count
                )
            )
        }
        return readings
    }

    /// A write-ahead log that keeps growing is one that cannot be copied into the database.
    private var fileSizes: [Reading] {
        [("database", path), ("log", path + "-wal")].compactMap { file, path in
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return nil }
            return Reading(
                "coatcheck_storage_bytes",
                help: "The size of the database and of its write-ahead log.",
                kind: .gauge,
                value: Int(status.st_size),
                labels: [("file", file)]
            )
        }
    }
}
