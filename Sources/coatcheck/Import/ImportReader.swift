package import Accounts
package import Sessions

/// Reads a whole file of accounts, and either has them all or says what is wrong with it.
package struct ImportReader {
    /// The most accounts of one import, all of which are held in memory: some 500 bytes each.
    package static let limit = 2_000_000

    /// The accounts that could be read, in the order of the file.
    package private(set) var accounts: [NewAccount] = []
    /// What is wrong.
    package private(set) var problems = ImportProblems()
    /// The line of every account.
    private var lines: [Int] = []
    /// The line in which a name stood first.
    private var seen: [NameKey: Int] = [:]

    /// Reads a file; `-` is standard input.
    ///
    /// - Throws: `Failure` when it cannot be read to its end.
    package init(path: String, format: ImportFormat?, at now: Timestamp) throws {
        var reader = try LineReader(path: path)
        var format = format
        var isOver = false
        while !isOver {
            do {
                guard let line = try reader.next() else { break }
                if format == nil { format = ImportFormat(guessedFrom: line) }
                guard let account = try format?.account(in: line)?.account(at: now) else {
                    continue
                }
                isOver = add(account, line: reader.number)
            } catch let error as ImportLineError {
                problems.add(error.sentence, line: reader.number)
            } catch let error as ForeignAccountError {
                problems.add(error.sentences.joined(separator: " "), line: reader.number)
            }
        }
    }

    /// Notes an account; `true` when no more are read.
    private mutating func add(_ account: NewAccount, line: Int) -> Bool {
        guard accounts.count < Self.limit else {
            problems.add("There are more than \(Self.limit) accounts; divide the file.", line: line)
            return true
        }
        for key in account.keys {
            guard let first = seen.updateValue(line, forKey: key), first != line else { continue }
            seen[key] = first
            problems.add("The name is that of line \(first) already.", line: line)
            return false
        }
        accounts.append(account)
        lines.append(line)
        return false
    }

    /// Notes that names of accounts are taken in the store.
    package mutating func addTaken(_ positions: [Int]) {
        for position in positions {
            problems.add(
                "The name or the email address is that of an account in the store already.",
                line: lines[position]
            )
        }
    }
}

/// What is wrong with a file, line by line.
package struct ImportProblems: Sendable {
    /// The most that are told of; the rest is counted.
    package static let shown = 100

    /// How many there are.
    package private(set) var count = 0
    private var found: [(line: Int, text: String)] = []
    /// The first that were found, in the order of their lines.
    package var texts: [String] { found.sorted { $0.line < $1.line }.map(\.text) }

    /// Whether nothing is wrong.
    package var isEmpty: Bool { count == 0 }

    /// Notes a problem of a line.
    mutating func add(_ sentence: String, line: Int) {
        count += 1
        if found.count < Self.shown { found.append((line, "line \(line): \(sentence)")) }
    }

    /// The whole report.
    package var report: String {
        let more = count - texts.count
        return (texts + (more > 0 ? ["and \(more) more lines"] : [])).joined(separator: "\n")
    }
}
