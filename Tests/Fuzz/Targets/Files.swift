import Accounts
import Foundation
import HTTP
import Sessions

@testable import coatcheck

/// A file of accounts gives only accounts that could have been made here, each name once, and its
/// report repeats nothing of the file.
func fuzzImport(_ bytes: [UInt8]) throws {
    let path = try ScratchFile.write(bytes)
    for format in [nil, ImportFormat.htpasswd, .jsonl] {
        let reader = try ImportReader(path: path, format: format, at: Timestamp(seconds: 1))
        let lineCount = bytes.count { $0 == UInt8(ascii: "\n") } + 1
        try promise(reader.accounts.count + reader.problems.count <= lineCount, "one of each line")
        var keys: Set<NameKey> = []
        for account in reader.accounts {
            let name = try AccountName(account.user.username)
            try promise(name.text.utf8.elementsEqual(account.user.username.utf8), "its name")
            let own = Set(account.keys)
            try promise(own.contains(name.key) && keys.isDisjoint(with: own), "each name once")
            keys.formUnion(own)
            try promise(account.user.groups.allSatisfy { GroupName($0) != nil }, "its groups")
            let isNone = account.passwordHash == .none
            try promise(isNone || account.passwordHash.refusal == nil, "its hash")
        }
        try promise(reader.problems.texts.count <= ImportProblems.shown, "a report of some length")
    }
}

/// Settings that are read make all parts of the program, and are read again from what they print.
func fuzzSettings(_ bytes: [UInt8]) throws {
    let path = try ScratchFile.write(bytes)
    guard let settings = try? Settings(file: path, environment: [:]) else { return }
    _ = settings.siteChoices
    _ = (settings.hashingCost, settings.passwordRules, settings.terms)
    _ = (settings.throttlePolicy, settings.upkeepSpans, settings.eventLog)
    _ = (settings.cookieExplanation, settings.policyExplanations)
    let dump = settings.dump
    let again = try Settings(file: try ScratchFile.write(Array(dump.utf8)), environment: [:])
    try promise(again.dump == dump, "read again: \(dump)")
}

/// One file without a name, in memory where that is to be had, that is written again and again.
private enum ScratchFile {
    private static let descriptor: CInt = {
        let memory = "/dev/shm"
        let folder = FileManager.default.isWritableFile(atPath: memory) ? memory : "/tmp"
        var name = Array("\(folder)/coatcheck-fuzz-XXXXXX".utf8CString)
        let descriptor = unsafe mkstemp(&name)
        unsafe unlink(name)
        return descriptor
    }()

    /// Writes bytes and returns a path by which this process can read them.
    static func write(_ bytes: [UInt8]) throws -> String {
        let isWritten =
            unsafe ftruncate(descriptor, 0) == 0
            && pwrite(descriptor, bytes, bytes.count, 0) == bytes.count
        try promise(isWritten, "a file with the input")
        return "/proc/self/fd/\(descriptor)"
    }
}
