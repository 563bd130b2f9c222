import Telemetry
import Testing

@Suite struct UTCTests {
    /// Seconds as `date -u -d … +%s` of GNU coreutils gives them.
    private static let dates: [(seconds: Int64, text: String, readable: String)] = [
        (0, "1970-01-01T00:00:00Z", "1 January 1970, 00:00 UTC"),
        (-1, "1969-12-31T23:59:59Z", "31 December 1969, 23:59 UTC"),
        (-86_400, "1969-12-31T00:00:00Z", "31 December 1969, 00:00 UTC"),
        (-86_401, "1969-12-30T23:59:59Z", "30 December 1969, 23:59 UTC"),
        (951_782_399, "2000-02-28T23:59:59Z", "28 February 2000, 23:59 UTC"),
        (951_782_400, "2000-02-29T00:00:00Z", "29 February 2000, 00:00 UTC"),
        (951_868_800, "2000-03-01T00:00:00Z", "1 March 2000, 00:00 UTC"),
        (-2_203_977_600, "1900-02-28T00:00:00Z", "28 February 1900, 00:00 UTC"),
        (-2_203_891_200, "1900-03-01T00:00:00Z", "1 March 1900, 00:00 UTC"),
        (1_709_164_800, "2024-02-29T00:00:00Z", "29 February 2024, 00:00 UTC"),
        (1_735_689_599, "2024-12-31T23:59:59Z", "31 December 2024, 23:59 UTC"),
        (1_735_689_600, "2025-01-01T00:00:00Z", "1 January 2025, 00:00 UTC"),
        (1_769_860_800, "2026-01-31T12:00:00Z", "31 January 2026, 12:00 UTC"),
        (2_147_483_647, "2038-01-19T03:14:07Z", "19 January 2038, 03:14 UTC"),
        (2_147_483_648, "2038-01-19T03:14:08Z", "19 January 2038, 03:14 UTC"),
        (4_107_456_000, "2100-02-28T00:00:00Z", "28 February 2100, 00:00 UTC"),
        (4_107_542_400, "2100-03-01T00:00:00Z", "1 March 2100, 00:00 UTC"),
        (4_294_967_296, "2106-02-07T06:28:16Z", "7 February 2106, 06:28 UTC"),
        (253_402_300_799, "9999-12-31T23:59:59Z", "31 December 9999, 23:59 UTC"),
        (-62_135_596_800, "0001-01-01T00:00:00Z", "1 January 1, 00:00 UTC"),
    ]

    @Test(arguments: dates)
    func `known dates are written as RFC 3339 and as people read them`(
        seconds: Int64,
        text: String,
        readable: String
    ) {
        #expect(UTC.text(seconds) == text)
        #expect(UTC.readable(seconds) == readable)
    }

    @Test func `400 years of days follow each other as the Gregorian calendar says`() {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var seconds: Int64 = 946_684_800  // 2000-01-01
        for year in 2000..<2400 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            for month in 1...12 {
                for day in 1...(lengths[month - 1] + (isLeap && month == 2 ? 1 : 0)) {
                    let date =
                        "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
                    let text = UTC.text(seconds + 86_399)
                    if text != "\(date)T23:59:59Z" { Issue.record("\(text) is not \(date)") }
                    seconds += 86_400
                }
            }
        }
        #expect(UTC.text(seconds) == "2400-01-01T00:00:00Z")
    }

    @Test func `times are in the order of their texts until 9999`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let early = Int64.random(in: 0..<253_402_300_799, using: &generator)
            let late = Int64.random(in: early...253_402_300_799, using: &generator)
            #expect(UTC.text(early) <= UTC.text(late))
        }
    }

    @Test func `no number of seconds stops the program`() async {
        await #expect(processExitsWith: .success) {
            for seconds in [Int64.min, .min + 1, .min + 86_400, .max] {
                precondition(UTC.text(seconds).hasSuffix("Z"))
                precondition(UTC.readable(seconds).hasSuffix("UTC"))
            }
        }
    }
}
