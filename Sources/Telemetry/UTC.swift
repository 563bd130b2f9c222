/// Dates as RFC 3339 writes them, in UTC.
package enum UTC {
    /// The years 0001 to 9999, which is what RFC 3339 can write; times beyond are cut to them.
    private static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]

    /// Formats seconds since 1970-01-01T00:00:00Z as `31 January 2026, 12:00 UTC`.
    package static func readable(_ seconds: Int64) -> String {
        let (year, month, dayOfMonth, second) = parts(of: seconds)
        return "\(dayOfMonth) \(months[Int(month - 1)]) \(year), "
            + "\(padded(second / 3600, to: 2)):\(padded(second / 60 % 60, to: 2)) UTC"
    }

    /// Formats seconds since 1970-01-01T00:00:00Z as `2026-01-31T12:00:00Z`.
    package static func text(_ seconds: Int64) -> String {
        let (year, month, dayOfMonth, second) = parts(of: seconds)
        var text = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
        write(year, in: 0..<4, before: "-", of: &text)
        write(month, in: 5..<7, before: "-", of: &text)
        write(dayOfMonth, in: 8..<10, before: "T", of: &text)
        write(second / 3600, in: 11..<13, before: ":", of: &text)
        write(second / 60 % 60, in: 14..<16, before: ":", of: &text)
        write(second % 60, in: 17..<19, before: "Z", of: &text)
        return unsafe text.span.withUnsafeBufferPointer {
            unsafe String(decoding: $0, as: UTF8.self)
        }
    }

    private static func parts(
        of seconds: Int64
    ) -> (year: Int64, month: Int64, day: Int64, second: Int64) {
        let seconds = min(max(seconds, range.lowerBound), range.upperBound)
        let day = floorDivide(seconds, by: 86_400)
        let (year, month, dayOfMonth) = civil(fromDay: day)
        return (year, month, dayOfMonth, seconds - day * 86_400)
    }

    /// Turns days since 1970-01-01 into a date of the Gregorian calendar.
    ///
    /// The algorithm is `civil_from_days` of Howard Hinnant's "chrono-Compatible Low-Level Date
    /// Algorithms": years begin in March, so that the leap day is a year's last, and 400 of them
    /// have 146,097 days.
    private static func civil(fromDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = floorDivide(shifted, by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfMonth)
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : (value - divisor + 1) / divisor
    }

    /// Writes a number in decimal at these places, and a separator behind it.
    private static func write(
        _ number: Int64,
        in places: Range<Int>,
        before separator: Unicode.Scalar,
        of text: inout InlineArray<20, UInt8>
    ) {
        var rest = number
        for place in places.reversed() {
            text[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        text[places.upperBound] = UInt8(ascii: separator)
    }

    private static func padded(_ number: Int64, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
