internal import Accounts
import Glibc
internal import Sessions
internal import Storage
internal import Telemetry

/// What the metrics ask of the parts when somebody reads them.
struct Figures: Sendable {
    let storage: any StorageEngine
    let sessions: SessionStore
    let hasher: PasswordHasher
    let throttle: LoginThrottle
    let workers: Int
    /// The path of the database, where there is one.
    let files: String?

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
                "coatcheck_session_cache_flushes_total",
                help: "How often the sessions in memory were dropped at once.",
                kind: .counter,
                value: cache.flushes
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
        readings += fileSizes + storage.connections.flatMap(Self.readings)
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

    /// What the connections to an engine have done.
    private static func readings(of figures: ConnectionFigures) -> [Reading] {
        let engine = [Reading.Label("engine", figures.engine)]
        var readings = [
            Reading(
                "coatcheck_storage_reachable",
                help: "Whether the engine answers, as far as is known.",
                kind: .gauge,
                value: figures.isReachable ? 1 : 0,
                labels: engine
            ),
            Reading(
                "coatcheck_storage_reconnects_total",
                help: "Connections made anew after one was lost.",
                kind: .counter,
                value: figures.reconnects,
                labels: engine
            ),
            Reading(
                "coatcheck_storage_round_trips_total",
                help: "Round trips, by what they were for.",
                kind: .counter,
                value: figures.checkRoundTrips,
                labels: engine + [("for", "check")]
            ),
            Reading(
                "coatcheck_storage_round_trips_total",
                help: "Round trips, by what they were for.",
                kind: .counter,
                value: figures.otherRoundTrips,
                labels: engine + [("for", "other")]
            ),
        ]
        if let lag = figures.feedLag {
            readings.append(
                Reading(
                    "coatcheck_storage_feed_lag_seconds",
                    help: "For how long it has not been known that no change was missed.",
                    kind: .gauge,
                    value: lag,
                    labels: engine
                )
            )
        }
        return readings
    }

    /// A write-ahead log that keeps growing is one that cannot be copied into the database.
    private var fileSizes: [Reading] {
        guard let files else { return [] }
        return [("database", files), ("log", files + "-wal")].compactMap { file, path in
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
