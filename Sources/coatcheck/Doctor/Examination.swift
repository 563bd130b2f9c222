/// A part of the way of a login that the doctor looks at.
///
/// It holds what was seen, and judging that needs nothing else: seeing and judging are apart, so
/// the judgement is tested with values.
package protocol Examination: Sendable {
    /// What to say about it, in the order of looking.
    var findings: [Finding] { get }
}
