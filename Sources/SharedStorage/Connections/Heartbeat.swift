/// When the other end of a feed is asked whether everything was told, and when it is given up.
///
/// An answer proves that all is told that was acknowledged before the question. It is asked every
/// 50 ms and may take 150 ms to answer, so what is not known to be complete is given up after a
/// fifth of a second.
struct Heartbeat {
    /// What is to be done now.
    enum Step {
        case nothing, ask, giveUp
    }

    private static let interval = Duration.milliseconds(50)
    private static let patience = Duration.milliseconds(150)

    /// When the last question was asked that has been answered; at first, when it began.
    private(set) var lastProof = ContinuousClock.now
    private var question: ContinuousClock.Instant?

    /// Whether an answer is awaited.
    var isAsking: Bool { question != nil }

    /// When there is something to do, whatever is heard until then.
    var next: Deadline {
        Deadline(at: question.map { $0 + Self.patience } ?? lastProof + Self.interval)
    }

    /// Says what is to be done now; whoever is told to ask does.
    mutating func step() -> Step {
        let now = ContinuousClock.now
        if let question { return now < question + Self.patience ? .nothing : .giveUp }
        guard now >= lastProof + Self.interval else { return .nothing }
        question = now
        return .ask
    }

    /// Notes that the question was answered.
    mutating func wasAnswered() {
        lastProof = question ?? lastProof
        question = nil
    }
}
