internal import Glibc
internal import Sessions

/// The write-ahead log as it lies on the disk, looked at before SQLite reads it.
///
/// SQLite takes the first frame whose checksum is wrong for the end of the log: after a loss of
/// power that is what it is. A frame that was damaged later looks the same, and everything behind
/// it would be gone without a word: sessions that had ended would live again. The two can be told
/// apart, because every commit is on the disk before the next transaction begins: when a frame is
/// wrong, and behind it a commit is followed by another frame, the wrong one was right before.
/// Damage to the last transaction or the end of the one before it, and a log that was cut off,
/// cannot be told from a loss of power.
///
/// # The format (<https://www.sqlite.org/fileformat2.html>, section 4), numbers big-endian
/// - header, 32 bytes: magic 0x377F0682 or …83 (the checksums read words in little or big endian),
///   version, page size, count of beginnings, two salts, two sums over the 24 bytes before them;
/// - frames: page number, size of the database in pages for a commit and else 0, two salts that
///   are those of the header, two sums that go on from those of the frame before, over the first
///   8 bytes of the frame and the page; then the page.
enum WriteAheadLog {
    /// The only page size that this program's databases have: SQLite's default.
    private static let pageSize = 4096
    private static let headerSize = 32
    private static let frameSize = 24 + pageSize
    /// How many frames are looked at together: a log can be larger than the memory that there is.
    private static let windowSize = 250

    /// The number of the first frame that was damaged after it was written, counted from 1; 0 is
    /// the header.
    ///
    /// It is `nil` when there is none, and when there is no log or nothing in it; also when both the
    /// header and the head of the first frame are gone, as from a log that was never on the disk.
    static func damagedFrame(at path: String) -> Int? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { _ = Glibc.close(file) }
        let header = octets(of: file, at: 0, count: headerSize)[...]
        guard header.count == headerSize else { return nil }
        let isBigEndian = number(header, 0) == 0x377F_0683
        let salts = pair(header, 16)
        var sums = pair(header, 24)
        let computed = sum(from: (0, 0), over: header[..<24], isBigEndian)
        guard number(header, 0) & ~1 == 0x377F_0682, sums == computed else {
            // A header of which a part was not written is followed by frames of an older one.
            let frame = octets(of: file, at: headerSize, count: frameSize)[...]
            let isFollowed =
                continues(sums, frame, isBigEndian) || continues(computed, frame, isBigEndian)
            return isFollowed ? 0 : nil
        }
        guard number(header, 8) == UInt32(pageSize) else { return nil }

        var first: Int?
        var isAfterCommit = false
        var frame = 0
        while true {
            let window = octets(
                of: file,
                at: headerSize + frame * frameSize,
                count: windowSize * frameSize
            )
            guard window.count >= frameSize else { return nil }
            for place in 0..<(window.count / frameSize) {
                let start = place * frameSize
                let octets = window[start..<start + frameSize]
                let isOfThisLog = pair(octets, 8) == salts
                let isRight = isOfThisLog && continues(sums, octets, isBigEndian)
                if isRight, isAfterCommit, let first { return first }
                frame += 1
                if !isRight, first == nil { first = frame }
                isAfterCommit = isOfThisLog && number(octets, 4) != 0
                sums = pair(octets, 16)
            }
        }
    }

    /// Has what a killed process wrote on the disk, before anything is written behind it.
    ///
    /// It is for whoever has read from the database: what is killed after that leaves nothing
    /// behind that counts.
    ///
    /// - Throws: `unavailable` with `io` or `read-only`.
    static func sync(at path: String) throws(StorageError) {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { _ = Glibc.close(file) }
        guard fdatasync(file) != 0 else { return }
        throw .unavailable(
            code: errno == EROFS ? "read-only" : "io",
            detail: "fdatasync of the write-ahead log failed with errno \(errno)"
        )
    }

    /// Reads as much as there is, up to `count` bytes.
    private static func octets(of file: CInt, at place: Int, count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let read = unsafe pread(
                    file,
                    buffer.baseAddress.map { unsafe $0 + filled },
                    count - filled,
                    off_t(place + filled)
                )
                guard read > 0 else { return }
                filled += read
            }
        }
    }

    /// Whether a frame goes on from the sums before it.
    private static func continues(
        _ sums: (UInt32, UInt32),
        _ frame: ArraySlice<UInt8>,
        _ isBigEndian: Bool
    ) -> Bool {
        guard frame.count == frameSize else { return false }
        let head = sum(from: sums, over: frame.prefix(8), isBigEndian)
        return sum(from: head, over: frame.dropFirst(24), isBigEndian) == pair(frame, 16)
    }

    /// SQLite's checksum over a multiple of 8 bytes.
    private static func sum(
        from sums: (UInt32, UInt32),
        over octets: ArraySlice<UInt8>,
        _ isBigEndian: Bool
    ) -> (UInt32, UInt32) {
        var (first, second) = sums
        for place in stride(from: 0, to: octets.count, by: 8) {
            let left = number(octets, place)
            let right = number(octets, place + 4)
            first &+= (isBigEndian ? left : left.byteSwapped) &+ second
            second &+= (isBigEndian ? right : right.byteSwapped) &+ first
        }
        return (first, second)
    }

    private static func pair(_ octets: ArraySlice<UInt8>, _ place: Int) -> (UInt32, UInt32) {
        (number(octets, place), number(octets, place + 4))
    }

    private static func number(_ octets: ArraySlice<UInt8>, _ place: Int) -> UInt32 {
        let start = octets.startIndex + place
        return octets[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
