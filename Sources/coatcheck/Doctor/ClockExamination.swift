import Foundation
internal import Sessions

/// Whether the clock, which alone decides how long sessions last, can be right.
package struct ClockExamination: Examination {
    /// This machine's time, in seconds since the Unix epoch.
    package let now: Int64
    /// The newest time in storage, in seconds since the Unix epoch.
    package let newest: Int64?
    /// The Date field of nginx, where it was asked.
    package let date: String?

    /// Creates an examination from what was seen.
    package init(now: Int64, newest: Int64?, date: String?) {
        self.now = now
        self.newest = newest
        self.date = date
    }

    /// 2024-01-01T00:00:00Z: before it this program did not exist.
    private static let past: Int64 = 1_704_067_200
    /// How far two clocks may be apart, in seconds.
    private static let tolerance: UInt64 = 30

    /// What to say about it, in the order of looking.
    package var findings: [Finding] {
        let mend = "let the clock be set by NTP: `timedatectl set-ntp true`"
        guard now >= Self.past else {
            return [.problem("clock: this machine's clock is before 2024", mend: mend)]
        }
        var findings: [Finding] = []
        if let newest, newest > now, newest.distance(to: now).magnitude > Self.tolerance {
            findings.append(
                .problem(
                    "clock: storage holds a time \(newest - now) s in the future: the clock was "
                        + "wrong then, or is wrong now",
                    mend: mend + "; sessions from the future end late, so end them"
                )
            )
        }
        if let date {
            guard let theirs = Self.seconds(date) else {
                return findings + [.warning("clock: nginx sends a Date that is none")]
            }
            if theirs.distance(to: now).magnitude > Self.tolerance {
                findings.append(
                    .problem(
                        "clock: nginx's clock is \(theirs.distance(to: now).magnitude) s away "
                            + "from this machine's",
                        mend: mend + ", on both machines"
                    )
                )
            }
        }
        return findings.isEmpty ? [.ok("clock: it agrees with what it is compared with")] : findings
    }

    /// Reads an IMF-fixdate (RFC 9110 section 5.6.7).
    private static func seconds(_ text: String) -> Int64? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text).map { Int64($0.timeIntervalSince1970) }
    }
}
