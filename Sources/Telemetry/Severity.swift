/// How much an event matters, after syslog(3).
package enum Severity: Int, Comparable, CaseIterable, Sendable {
    case debug, info, notice, warning, error

    package static func < (left: Severity, right: Severity) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The number with which journald knows it (sd-daemon(3)).
    var journalPriority: Int {
        switch self {
        case .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        }
    }
}
