import Glibc

/// Asks whoever calls a command for a password: never by an argument, which others could read in
/// the list of processes.
enum PasswordPrompt {
    /// The most bytes of a line; passwords have 1024 at most.
    private static let limit = 4096

    /// Reads a new password: twice without echo from a terminal, else one line of standard input.
    static func newPassword() throws -> String {
        guard isatty(STDIN_FILENO) == 1 else { return try line() }
        let first = try hidden("Password: ")
        guard try hidden("Once more: ") == first else { throw Failure("the two are not the same") }
        return first
    }

    private static func hidden(_ question: String) throws -> String {
        var terminal = termios()
        unsafe tcgetattr(STDIN_FILENO, &terminal)
        var silent = terminal
        silent.c_lflag &= ~tcflag_t(ECHO)
        unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal)
            say("\n")
        }
        say(question)
        return try line()
    }

    /// Writes without a buffer that would keep a question back.
    private static func say(_ text: String) {
        unsafe Array(text.utf8).withUnsafeBytes { bytes in
            _ = unsafe write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }

    /// Reads a line byte by byte, so that nothing behind it is taken away.
    private static func line() throws -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while unsafe read(STDIN_FILENO, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
            guard bytes.count < limit else { throw Failure("the password is too long") }
            bytes.append(byte)
        }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else { throw Failure("no password was given") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure("the password is not UTF-8")
        }
        return text
    }
}
