import Glibc
import Testing

@testable import coatcheck

/// Reading a password that somebody pipes in.
///
/// They put a pipe in the place of standard input, one after another.
@Suite(.serialized) struct PasswordPromptTests {
    /// Gives bytes on standard input, and returns what the prompt makes of them and what it left.
    private func prompt(_ bytes: [UInt8]) throws -> (Result<String, any Error>, left: [UInt8]) {
        var ends: [Int32] = [-1, -1]
        try #require(unsafe pipe(&ends) == 0)
        try #require(unsafe write(ends[1], bytes, bytes.count) == bytes.count)
        close(ends[1])
        let kept = dup(STDIN_FILENO)
        dup2(ends[0], STDIN_FILENO)
        let result = Result { try PasswordPrompt.newPassword() }
        if kept >= 0 {
            dup2(kept, STDIN_FILENO)
            close(kept)
        } else {
            close(STDIN_FILENO)
        }
        var left = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe read(ends[0], &left, left.count)
        close(ends[0])
        return (result, Array(left.prefix(max(0, count))))
    }

    @Test(
        arguments: [
            ("one umbrella, two hats\n", "one umbrella, two hats", ""),
            ("no line end", "no line end", ""),
            ("from windows\r\n", "from windows", ""), (" spaces stay \n", " spaces stay ", ""),
            ("first\nsecond\n", "first", "second\n"), ("grüße 李 😀\n", "grüße 李 😀", ""),
            ("tab\there\n", "tab\there", ""), ("two\r\r\n", "two\r", ""),
        ]
    )
    func `one line is the password, exactly, and what follows is left (ASVS 6.2.8)`(
        text: String,
        password: String,
        left: String
    ) throws {
        let (result, rest) = try prompt(Array(text.utf8))
        #expect(Array(try result.get().utf8) == Array(password.utf8))
        #expect(rest == Array(left.utf8))
    }

    @Test(
        arguments: [
            ([], "no password was given"), ([0x0A], "no password was given"),
            ([0x0D, 0x0A], "no password was given"), ([0x0A, 0x61], "no password was given"),
            ([0xFF, 0x0A], "the password is not UTF-8"),
            ([0x61, 0xC3], "the password is not UTF-8"),
            (Array(repeating: 0x61, count: 4097), "the password is too long"),
        ] as [([UInt8], String)]
    )
    func `what is no password is refused in words that do not repeat it`(
        bytes: [UInt8],
        why: String
    ) throws {
        let (result, _) = try prompt(bytes)
        let error = #expect(throws: Failure.self) { try result.get() }
        #expect(error?.description == why)
    }

    @Test func `the longest line that is read has 4096 bytes`() throws {
        let (result, _) = try prompt(Array(repeating: 0x61, count: 4096) + [0x0A])
        #expect(try result.get().utf8.count == 4096)
    }
}
