/// A point in time: whole seconds since 1970-01-01T00:00:00Z on the server's clock.
///
/// The only clock that decides about a session is the server's own (ASVS 6.5.8, CS-Session
/// "Automatic expiration"), and seconds are the unit of every limit.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Seconds since the Unix epoch.
    package let seconds: Int64

    /// Creates a point in time from seconds since the Unix epoch.
    package init(seconds: Int64) {
        self.seconds = seconds
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.seconds < right.seconds
    }

    /// Returns the time a number of seconds later; beyond what fits, the last one that does.
    package static func + (time: Timestamp, seconds: Int64) -> Timestamp {
        let (sum, isTooFar) = time.seconds.addingReportingOverflow(seconds)
        return Timestamp(seconds: isTooFar ? (seconds > 0 ? .max : .min) : sum)
    }

    /// Whether it is at most so many seconds before `now`.
    ///
    /// A time that is yet to come counts while the clock may merely have been corrected, by a
    /// minute at most; a clock that was set back further makes nothing recent.
    package func isAtMost(_ seconds: Int64, before now: Timestamp) -> Bool {
        let age = now - self
        return age >= -60 && age <= seconds
    }

    /// Returns the seconds that passed from `earlier` to `later`; more than fit, as many as do.
    ///
    /// Times come from storage too, and a damaged one must not stop the program.
    package static func - (later: Timestamp, earlier: Timestamp) -> Int64 {
        let (span, isTooLong) = later.seconds.subtractingReportingOverflow(earlier.seconds)
        return isTooLong ? (later > earlier ? .max : .min) : span
    }
}
