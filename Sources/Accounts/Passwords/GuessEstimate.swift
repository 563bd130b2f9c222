internal import CZxcvbn

/// How many guesses a password withstands, as zxcvbn estimates it.
///
/// zxcvbn finds the cheapest way to build a password out of common passwords, names and English
/// words, their capital and l33t variants, repeats, sequences, dates and keyboard walks (Wheeler,
/// USENIX Security 2016).
///
/// The library keeps no state: its dictionary and tables are constant, so threads may call it at
/// the same time.
enum GuessEstimate {
    /// The guesses below which a password is refused, 10^6, as bits.
    ///
    /// That is where zxcvbn's own scale has the end of what falls to a throttled attack over the
    /// network (scores 0 and 1 of its `guesses_to_score`). More would refuse passphrases of two
    /// plain words without stopping anybody who guesses at a login form.
    static let minimumBits = 19.93  // log2(10^6)

    /// The bytes that are judged; whatever follows them is not counted.
    ///
    /// The library's time grows with the fifth power of the length for keyboard walks such as
    /// `3232…`: 7 ms for 32 bytes, 1.5 s for the 100 at which it stops by itself, which would be
    /// a way to keep a server busy. A password whose first 32 bytes withstand 10^6 guesses does
    /// so as a whole.
    static let judgedBytes = 32

    /// Whether a text in lower case falls within the first 10^6 guesses of somebody who tries
    /// certain words first.
    static func isEasy(_ text: String, knowing words: [String]) -> Bool {
        let judged = cString(text)
        let cStrings = words.map(cString)
        let starts = cStrings.indices.map { cStrings[..<$0].reduce(0) { $0 + $1.count } }
        let bits = unsafe Array(cStrings.joined()).withUnsafeBufferPointer { buffer in
            var dictionary: [UnsafePointer<CChar>?] = unsafe starts.map { start in
                unsafe buffer.baseAddress?.advanced(by: start)
            }
            unsafe dictionary.append(nil)
            return unsafe ZxcvbnMatch(judged, &dictionary, nil)
        }
        return bits < minimumBits
    }

    /// Returns the bytes that are judged, ended by a null byte.
    private static func cString(_ text: String) -> [CChar] {
        text.utf8.prefix(judgedBytes).map { CChar(bitPattern: $0) } + [0]
    }
}
