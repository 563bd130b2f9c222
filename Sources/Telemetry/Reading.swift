/// A number for the metrics that is read when they are asked for.
///
/// Names are written in the code and never come from outside.
package struct Reading: Sendable {
    /// How a number moves.
    package enum Kind: String, Sendable {
        /// It only grows, until the program ends.
        case counter
        /// It goes up and down.
        case gauge
    }

    /// A name and a value that tell numbers of one name apart.
    package typealias Label = (name: StaticString, value: String)

    /// The name of the metric.
    let name: String
    /// What it counts, in a sentence.
    let help: String
    /// How it moves.
    let kind: Kind
    /// The labels, `{…}`, or nothing.
    let labels: String
    /// The number as it is written.
    let value: String

    /// Describes a whole number.
    package init(
        _ name: StaticString,
        help: StaticString,
        kind: Kind,
        value: Int,
        labels: [Label] = []
    ) {
        self.init(name, help: help, kind: kind, text: "\(value)", labels: labels)
    }

    /// Describes a number.
    package init(
        _ name: StaticString,
        help: StaticString,
        kind: Kind,
        value: Double,
        labels: [Label] = []
    ) {
        let text = value.isNaN ? "NaN" : value.isFinite ? "\(value)" : value > 0 ? "+Inf" : "-Inf"
        self.init(name, help: help, kind: kind, text: text, labels: labels)
    }

    private init(
        _ name: StaticString,
        help: StaticString,
        kind: Kind,
        text: String,
        labels: [Label]
    ) {
        self.name = name.description
        self.help = help.description
        self.kind = kind
        self.value = text
        self.labels = Exposition.labels(labels.map { ($0.name.description, $0.value) })
    }
}
