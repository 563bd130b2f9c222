extension SessionCache {
    /// How a cached session lies in words.
    ///
    /// | word | what it holds, the lowest bits first |
    /// | ---- | ---- |
    /// | 0 | the head: how long the record is, what it is worth, how long its texts are |
    /// | 1-4 | the key |
    /// | 5-6, 7-8 | the public ids of the session and of its user |
    /// | 9, 10, 11 | when the password was proved, when the session ends, when it was used |
    /// | 12 | the idle limit; by how much the stored last-seen time lags: 32 bits of seconds each |
    /// | 13- | the texts of `PackedPrincipal` |
    enum Record {
        /// The words before the texts.
        private static let fixedWords = 13

        /// The first word of a record.
        struct Head {
            private(set) var bits: UInt64

            private static let live: UInt64 = 1 << 16
            private static let used: UInt64 = 1 << 17

            init(_ bits: UInt64) { self.bits = bits }

            /// The head of a new record; `nil` when a text is too long for it.
            fileprivate init?(_ principal: PackedPrincipal) {
                let length = fixedWords + principal.wordCount
                guard length < 1 << 16, principal.usernameCount < 1 << 16,
                    principal.groupsCount < 1 << 14, principal.emailField < 1 << 15
                else { return nil }
                bits =
                    UInt64(length) | Head.live | UInt64(principal.groupsCount) << 18
                    | UInt64(principal.usernameCount) << 32 | UInt64(
                        UInt16(bitPattern: Int16(principal.emailField))
                    ) << 48
            }

            /// The length of the record in words.
            var length: Int { Int(bits & 0xFFFF) }
            /// Whether the record has not been dropped.
            var isLive: Bool { bits & Head.live != 0 }
            /// Whether it was found since it was written.
            var isUsed: Bool { bits & Head.used != 0 }

            /// The same record, found.
            var asUsed: Head { Head(bits | Head.used) }
            /// The same record, written anew.
            var asNew: Head { Head(bits & ~Head.used) }
            /// The same record, dropped.
            var asDropped: Head { Head(bits & ~Head.live) }

            fileprivate var groupsCount: Int { Int(bits >> 18 & 0x3FFF) }
            fileprivate var usernameCount: Int { Int(bits >> 32 & 0xFFFF) }
            fileprivate var emailField: Int { Int(Int16(bitPattern: UInt16(bits >> 48))) }
        }

        /// The key of the record whose words `word` returns.
        static func key(_ word: (Int) -> UInt64) -> TokenDigest {
            TokenDigest(words: (word(1), word(2), word(3), word(4)))
        }

        /// The user of a record.
        static func user(_ word: (Int) -> UInt64) -> PublicID {
            PublicID(halves: (word(7), word(8)))
        }

        /// What a check tells of the session that a record holds.
        static func checked(_ word: (Int) -> UInt64) -> CheckedSession {
            let head = Head(word(0))
            return CheckedSession(
                id: PublicID(halves: (word(5), word(6))),
                packedPrincipal: PackedPrincipal(
                    id: user(word),
                    usernameCount: head.usernameCount,
                    emailField: head.emailField,
                    groupsCount: head.groupsCount
                ) { word(fixedWords + $0) },
                authenticatedAt: time(word(9)),
                expiresAt: time(word(10))
            )
        }

        /// The times of the session that a record holds.
        static func times(_ word: (Int) -> UInt64) -> CachedSession.Times {
            let lastSeenAt = time(word(11))
            let limits = word(12)
            return CachedSession.Times(
                expiresAt: time(word(10)),
                idleLimit: Int64(limits & 0xFFFF_FFFF),
                lastSeenAt: lastSeenAt,
                writtenAt: lastSeenAt + -Int64(limits >> 32)
            )
        }

        /// The words of the record of a session; `nil` when its texts are too long for one.
        static func words(of session: CachedSession, for key: TokenDigest) -> [UInt64]? {
            let principal = session.checked.packedPrincipal
            guard let head = Head(principal) else { return nil }
            let (id, user) = (session.checked.id.halves, principal.id.halves)
            var words = [
                head.bits, key.words.0, key.words.1, key.words.2, key.words.3, id.0, id.1, user.0,
                user.1, bits(session.checked.authenticatedAt), bits(session.times.expiresAt),
            ]
            setUse(session.times) { words.append($1) }
            for index in 0..<principal.wordCount { words.append(principal.word(at: index)) }
            return words
        }

        /// Calls `set` with the places and the words that say when a session was used.
        static func setUse(_ times: CachedSession.Times, _ set: (Int, UInt64) -> Void) {
            let lag = UInt64(UInt32(clamping: times.lastSeenAt - times.writtenAt))
            set(11, bits(times.lastSeenAt))
            set(12, UInt64(UInt32(clamping: times.idleLimit)) | lag << 32)
        }

        private static func time(_ word: UInt64) -> Timestamp {
            Timestamp(seconds: Int64(bitPattern: word))
        }

        private static func bits(_ time: Timestamp) -> UInt64 {
            UInt64(bitPattern: time.seconds)
        }
    }
}
