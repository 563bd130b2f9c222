/// Sessions in memory, as many as fit into a number of bytes.
///
/// Records lie one behind the other in a ring of words: the newest is written at `head`, and the
/// oldest, at `tail`, makes room. One that was used since it was written is not given up but moved
/// to the head, as a second chance (the clock algorithm), so what is used stays. An index finds
/// records by their keys. Nothing is allocated for a record by itself, and memory that was never
/// written to takes no room.
///
/// A record of a session whose names take 21 bytes is 128 bytes, and 5 to 11 more in the index.
struct SessionCache: Sendable {
    /// The records; each begins with a word that says how long it is.
    private var words: [UInt64] = []
    /// The most words; a place beyond the last is the first again.
    private let limit: Int
    /// Where the next record goes, and where the oldest is.
    private var (head, tail) = (0, 0)
    /// How many words lie between them.
    private var usedWords = 0
    /// For each key, from the place that its digest names on: where its record is, plus 1.
    ///
    /// At most three quarters are taken, and their number is a power of two.
    private var index = [UInt32](repeating: 0, count: 16)
    /// How many sessions there are.
    private(set) var count = 0

    /// How often making room for a record may move another instead of giving it up.
    ///
    /// That is some ten microseconds at most. Of a longer row of records that are all used, one in
    /// so many goes.
    private static let secondChances = 128

    /// Creates a cache that takes at most so many bytes, but at least one KiB.
    ///
    /// An eleventh is for the index, which takes at most 10.7 bytes for a record of at least 112.
    init(bytes: Int) {
        limit = min(max(bytes, 1024) / 11 * 10 / 8, Int(UInt32.max) - 1)
        words.reserveCapacity(limit)
    }

    /// The bytes that are taken now.
    var byteCount: Int { words.count * 8 + index.count * 4 }

    /// The place of a session; looking for it counts as using it.
    mutating func find(_ key: TokenDigest) -> Place? {
        guard let entry = entry(of: key) else { return nil }
        let place = Place(index: Int(index[entry]) - 1)
        let head = Record.Head(word(at: place, 0))
        if !head.isUsed { set(word: head.asUsed.bits, at: place, 0) }
        return place
    }

    /// What a check tells of the session at a place, which must have been found since the last
    /// change.
    func checked(at place: Place) -> CheckedSession {
        Record.checked { word(at: place, $0) }
    }

    /// The times of the session at a place.
    func times(at place: Place) -> CachedSession.Times {
        Record.times { word(at: place, $0) }
    }

    /// Notes when the session at a place was used; nothing else of the times is changed.
    mutating func setUse(_ times: CachedSession.Times, at place: Place) {
        Record.setUse(times) { set(word: $1, at: place, $0) }
    }

    /// Keeps a session; one whose names are too long for a record, or for the cache, is not kept.
    mutating func insert(_ session: CachedSession, for key: TokenDigest) {
        remove(key)
        guard let record = Record.words(of: session, for: key), record.count <= limit else {
            return
        }
        makeRoom(for: record.count)
        if count >= index.count / 4 * 3 { growIndex() }
        index[freeEntry(for: key)] = UInt32(head + 1)
        for word in record { append(word) }
        usedWords += record.count
        count += 1
    }

    /// Drops a session.
    mutating func remove(_ key: TokenDigest) {
        guard let entry = entry(of: key) else { return }
        let place = Place(index: Int(index[entry]) - 1)
        set(word: Record.Head(word(at: place, 0)).asDropped.bits, at: place, 0)
        clear(entry)
        count -= 1
    }

    /// Drops the sessions of some users.
    ///
    /// It looks at every record, once however many users: some 20 microseconds for a thousand.
    mutating func removeAll(of users: Set<PublicID>) {
        var place = Place(index: tail)
        var left = usedWords
        while left > 0 {
            let head = Record.Head(word(at: place, 0))
            if head.isLive, users.contains(self.user(at: place)) {
                remove(self.key(at: place))
            }
            left -= head.length
            place = self.place(place, head.length)
        }
    }

    /// Empties the cache; the memory is given back.
    mutating func removeAll() {
        self = SessionCache(limit: limit)
    }

    private init(limit: Int) {
        self.limit = limit
        words.reserveCapacity(limit)
    }

    // MARK: the ring

    /// Where a record begins.
    struct Place {
        fileprivate let index: Int
    }

    /// The place so many words after another.
    private func place(_ place: Place, _ offset: Int) -> Place {
        let index = place.index + offset
        return Place(index: index < limit ? index : index - limit)
    }

    private func word(at place: Place, _ offset: Int) -> UInt64 {
        words[self.place(place, offset).index]
    }

    private func key(at place: Place) -> TokenDigest {
        Record.key { word(at: place, $0) }
    }

    private func user(at place: Place) -> PublicID {
        Record.user { word(at: place, $0) }
    }

    private mutating func set(word: UInt64, at place: Place, _ offset: Int) {
        words[self.place(place, offset).index] = word
    }

    private mutating func append(_ word: UInt64) {
        if head == words.count { words.append(word) } else { words[head] = word }
        head = head + 1 < limit ? head + 1 : 0
    }

    /// Gives records up, the oldest first, until so many words are free.
    private mutating func makeRoom(for needed: Int) {
        var chances = SessionCache.secondChances
        while limit - usedWords < needed {
            let place = Place(index: tail)
            let head = Record.Head(word(at: place, 0))
            tail = self.place(place, head.length).index
            usedWords -= head.length
            guard head.isLive, let entry = entry(of: self.key(at: place)) else {
                continue
            }
            if head.isUsed, chances > 0 {
                chances -= 1
                move(place, head, entry)
            } else {
                clear(entry)
                count -= 1
            }
        }
    }

    /// Writes the record that was just taken from the tail once more at the head.
    ///
    /// The two may overlap: a word is read before its place is written to.
    private mutating func move(_ place: Place, _ head: Record.Head, _ entry: Int) {
        index[entry] = UInt32(self.head + 1)
        append(head.asNew.bits)
        for offset in 1..<head.length { append(word(at: place, offset)) }
        usedWords += head.length
    }

    // MARK: the index

    /// Where a digest's entry stands when nothing else does.
    ///
    /// A digest is uniformly distributed, so part of it is as good as a hash of it.
    private func home(of key: TokenDigest) -> Int {
        Int(truncatingIfNeeded: key.words.1) & (index.count - 1)
    }

    /// The entry of a key.
    private func entry(of key: TokenDigest) -> Int? {
        var entry = home(of: key)
        while index[entry] != 0 {
            let place = Place(index: Int(index[entry]) - 1)
            if self.key(at: place) == key { return entry }
            entry = (entry + 1) & (index.count - 1)
        }
        return nil
    }

    /// The first free entry for a key that has none.
    private func freeEntry(for key: TokenDigest) -> Int {
        var entry = home(of: key)
        while index[entry] != 0 { entry = (entry + 1) & (index.count - 1) }
        return entry
    }

    /// Frees an entry, and moves those behind it that were looked for through it.
    private mutating func clear(_ entry: Int) {
        var gap = entry
        var next = entry
        index[gap] = 0
        while true {
            next = (next + 1) & (index.count - 1)
            guard index[next] != 0 else { return }
            let place = Place(index: Int(index[next]) - 1)
            let home = home(of: self.key(at: place))
            // How far the entry is from its home, and from the gap, counted round.
            let mask = index.count - 1
            guard (next - home) & mask >= (next - gap) & mask else { continue }
            index[gap] = index[next]
            index[next] = 0
            gap = next
        }
    }

    private mutating func growIndex() {
        let entries = index.filter { $0 != 0 }
        index = [UInt32](repeating: 0, count: index.count * 2)
        for entry in entries {
            let place = Place(index: Int(entry) - 1)
            index[freeEntry(for: self.key(at: place))] = entry
        }
    }
}
