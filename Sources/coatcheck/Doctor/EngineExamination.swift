internal import Sessions

/// Whether an engine that several machines share can be used, and keeps what it is given.
package struct EngineExamination: Examination {
    /// What looking at the engine led to.
    package enum Outcome: Hashable, Sendable {
        /// It answers; a sentence for each thing that somebody should look at.
        case reached(name: String, warnings: [String])
        /// It cannot be used, with the word of the contract and the detail.
        case failed(code: String, detail: String)
    }

    /// The key of the setting that names the engine.
    package let setting: String
    /// What looking at it led to.
    package let outcome: Outcome

    /// Creates an examination from what was seen.
    package init(setting: String, outcome: Outcome) {
        self.setting = setting
        self.outcome = outcome
    }

    /// Looks at an engine.
    init(
        setting: String,
        _ look: () throws(StorageError) -> (name: String, warnings: [String])
    ) {
        let outcome: Outcome
        do throws(StorageError) {
            let (name, warnings) = try look()
            outcome = .reached(name: name, warnings: warnings)
        } catch {
            let (code, detail) = error.cause
            outcome = .failed(code: code, detail: detail)
        }
        self.init(setting: setting, outcome: outcome)
    }

    /// What somebody should look at, in sentences.
    package var warnings: [String] {
        if case .reached(_, let warnings) = outcome { warnings } else { [] }
    }

    /// What to say about it, in the order of looking.
    package var findings: [Finding] {
        switch outcome {
        case .reached(let name, let warnings):
            return [.ok("\(setting): \(name) answers")]
                + warnings.map { .warning("\(setting): \($0)") }
        case .failed(let code, let detail):
            let mend =
                switch code {
                case "denied": "correct the name and the password, or the rights of that user"
                case "read-only": "name the server that can be written to"
                case "schema": "install the version that made the tables, or name another database"
                case "settings": "correct \(setting)"
                case "not-built": "install a program that was built with them"
                default: "look whether the engine runs, and whether this machine may reach it"
                }
            return [.problem("\(setting): cannot be used: \(code) (\(detail))", mend: mend)]
        }
    }
}
