extension Request {
    /// Returns a value of the query by its name.
    ///
    /// It is `nil` when the name is absent, stands there twice, whatever the values (ASVS 15.3.7),
    /// or has a value that cannot be decoded. Other parts of the query do not matter.
    package func queryValue(_ name: String) -> String? {
        var found: String?
        for part in query.utf8.split(separator: UInt8(ascii: "&")) {
            let pair = part.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard let key = try? Percent.decode(pair[0]), key.utf8.elementsEqual(name.utf8) else {
                continue
            }
            let encoded = pair.count > 1 ? pair[1] : pair[0].prefix(0)
            guard found == nil, let value = try? Percent.decode(encoded) else { return nil }
            found = value
        }
        return found
    }
}
