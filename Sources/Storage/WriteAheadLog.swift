internal import Glibc

/// The write-ahead log as it lies on the disk, looked at before SQLite reads it.
///
/// SQLite takes the first frame whose checksum is wrong for the end of the log: after a loss of
/// power that is what it is. A frame that was damaged later looks the same, and everything behind
/// it would be gone without a word: sessions that had ended would live again. The two can be told
/// apart, because every commit is on the disk before the next transaction begins: when a frame is
/// wrong, and behind it a commit is followed by another frame, the wrong one was right before.
/// Damage to the last transaction, and a log that was cut off, cannot be told from a loss of power.
///
/// # The format (<https://www.sqlite.org/fileformat2.html>, section 4), numbers big-endian
/// - header, 32 bytes: magic 0x377F0682 or …83 (the checksums read words in little or big endian),
///   version, page size, count of beginnings, two salts, two sums over the 24 bytes before them;
/// - frames: page number, size of the database in pages for a commit and else 0, two salts that
///   are those of the header, two sums that go on from those of the frame before, over the first
///   8 bytes of the frame and the page; then the page.
struct WriteAheadLog {
    /// The only page size that this program's databases have: SQLite's default.
    private static let pageSize = 4096
    private static let headerSize = 32
    private static let frameSize = 24 + pageSize

    private let octets: [UInt8]

    /// Reads the log at a path; `nil` when there is none, or nothing in it.
    init?(path: String) {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { _ = Glibc.close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0, status.st_size > Self.headerSize else { return nil }
        octets = unsafe [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
            while count < buffer.count {
                let read = unsafe pread(
                    file,
                    buffer.baseAddress.map { unsafe $0 + count },
                    buffer.count - count,
                    off_t(count)
                )
                guard read > 0 else { return }
                count += read
            }
        }
        guard octets.count > Self.headerSize else { return nil }
    }

    /// The number of the first frame that was damaged after it was written, counted from 1; 0 is
    /// the header.
    var damagedFrame: Int? {
        let magic = number(at: 0)
        let isBigEndian = magic == 0x377F_0683
        let salts = pair(at: 16)
        let stored = pair(at: 24)
        let computed = sum(from: (0, 0), over: 0..<24, isBigEndian)
        guard magic & ~1 == 0x377F_0682, stored == computed else {
            // A header of which a part was not written is followed by frames of an older one.
            let isFollowed =
                continues(stored, 0, isBigEndian) || continues(computed, 0, isBigEndian)
            return isFollowed ? 0 : nil
        }
        guard number(at: 8) == UInt32(Self.pageSize) else { return nil }

        var sums = stored
        var first: Int?
        var isAfterCommit = false
        for frame in 0..<((octets.count - Self.headerSize) / Self.frameSize) {
            let start = Self.headerSize + frame * Self.frameSize
            let isOfThisLog = pair(at: start + 8) == salts
            let isRight = isOfThisLog && continues(sums, frame, isBigEndian)
            if isRight, isAfterCommit, let first { return first }
            if !isRight, first == nil { first = frame + 1 }
            isAfterCommit = isOfThisLog && number(at: start + 4) != 0
            sums = pair(at: start + 16)
        }
        return nil
    }

    /// Whether a frame goes on from the sums before it.
    private func continues(
        _ sums: (UInt32, UInt32),
        _ frame: Int,
        _ isBigEndian: Bool
    ) -> Bool {
        let start = Self.headerSize + frame * Self.frameSize
        guard start + Self.frameSize <= octets.count else { return false }
        let head = sum(from: sums, over: start..<start + 8, isBigEndian)
        let page = start + 24..<start + Self.frameSize
        return sum(from: head, over: page, isBigEndian) == pair(at: start + 16)
    }

    /// SQLite's checksum over a multiple of 8 bytes.
    private func sum(
        from sums: (UInt32, UInt32),
        over range: Range<Int>,
        _ isBigEndian: Bool
    ) -> (UInt32, UInt32) {
        var (first, second) = sums
        for place in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
            let left = number(at: place)
            let right = number(at: place + 4)
            first &+= (isBigEndian ? left : left.byteSwapped) &+ second
            second &+= (isBigEndian ? right : right.byteSwapped) &+ first
        }
        return (first, second)
    }

    private func pair(at place: Int) -> (UInt32, UInt32) {
        (number(at: place), number(at: place + 4))
    }

    private func number(at place: Int) -> UInt32 {
        octets[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
