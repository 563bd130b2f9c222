/// What a search for a cookie found.
package enum CookieLookup: Hashable, Sendable {
    /// No cookie has the name.
    case absent
    /// One cookie has the name; the range covers its value's bytes in the header.
    case found(Range<Int>)
    /// Two or more cookies have the name, whatever their values.
    case repeated
}
