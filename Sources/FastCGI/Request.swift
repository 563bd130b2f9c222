internal import CFastCGI
import Glibc

/// One FastCGI request while it is being answered.
///
/// It is a view of what libfcgi read, lent to the responder and valid until that returns; it
/// cannot be copied or kept. Parameters are read where they lie: looking one up walks the list
/// and compares names, which is cheaper than any dictionary of them.
@safe
package struct Request: ~Copyable {
    private let raw: UnsafeMutablePointer<FCGX_Request>

    /// Views the request that libfcgi has accepted into `raw`.
    init(_ raw: UnsafeMutablePointer<FCGX_Request>) {
        unsafe self.raw = raw
    }

    /// Calls `body` with the bytes of a parameter; `nil` when the web server did not send it.
    ///
    /// When a name was sent twice the first one counts, as in libfcgi. A value ends at its first
    /// NUL.
    @inlinable
    package func withParameter<Result>(
        _ name: StaticString,
        _ body: (Span<UInt8>) -> Result
    ) -> Result? {
        let value = unsafe value(of: name)
        guard unsafe value.baseAddress != nil else { return nil }
        return unsafe body(value.span)
    }

    /// The bytes of a parameter; without an address when the web server did not send it.
    @usableFromInline
    func value(of name: StaticString) -> UnsafeBufferPointer<UInt8> {
        guard let start = unsafe pointer(to: name) else {
            return unsafe UnsafeBufferPointer(start: nil, count: 0)
        }
        let bytes = unsafe UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self)
        return unsafe UnsafeBufferPointer(start: bytes, count: strlen(start))
    }

    /// The parameter as text, with what is not UTF-8 replaced by U+FFFD; `nil` when the web
    /// server did not send it.
    package func parameter(_ name: StaticString) -> String? {
        guard let value = unsafe pointer(to: name) else { return nil }
        return unsafe String(cString: value)
    }

    /// The parameter's bytes, copied; empty when the web server did not send it.
    package func bytes(of name: StaticString) -> [UInt8] {
        withParameter(name) { span in unsafe span.withUnsafeBufferPointer { unsafe Array($0) } }
            ?? []
    }

    /// Whether the web server sent the parameter with a value that is not empty.
    package func has(_ name: StaticString) -> Bool {
        guard let value = unsafe pointer(to: name) else { return false }
        return unsafe value.pointee != 0
    }

    /// Whether the web server sent the parameter with exactly this value.
    package func has(_ name: StaticString, _ value: StaticString) -> Bool {
        guard let start = unsafe pointer(to: name) else { return false }
        guard unsafe strlen(start) == value.utf8CodeUnitCount else { return false }
        return unsafe memcmp(start, value.utf8Start, value.utf8CodeUnitCount) == 0
    }

    /// Reads the body to its end.
    ///
    /// - Throws: `.tooLarge` when it is longer than `limit` bytes, `.truncated` when the
    ///   connection broke or the body is not as long as CONTENT_LENGTH says (RFC 3875, 4.1.2).
    package func body(atMost limit: Int) throws(BodyError) -> [UInt8] {
        guard let length = announcedLength else { throw .truncated }
        guard length <= limit else { throw .tooLarge }
        // Never a capacity of 0: the standard library would write the count into the empty
        // array that all threads share, which ThreadSanitizer reports.
        let body = unsafe [UInt8](unsafeUninitializedCapacity: max(1, length)) { buffer, count in
            unsafe buffer.withMemoryRebound(to: CChar.self) { buffer in
                count = Int(unsafe FCGX_GetStr(buffer.baseAddress, CInt(length), raw.pointee.in))
            }
        }
        // Looking beyond the announced end also reads the record that ends the stream.
        guard
            body.count == length, unsafe FCGX_GetChar(raw.pointee.in) == EOF,
            unsafe FCGX_GetError(raw.pointee.in) == 0
        else { throw .truncated }
        return body
    }

    /// The value of CONTENT_LENGTH: digits; an absent or empty one stands for no body.
    private var announcedLength: Int? {
        let text = parameter("CONTENT_LENGTH") ?? ""
        guard !text.isEmpty else { return 0 }
        return text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    /// Where the value of a parameter begins; `nil` when the web server did not send it.
    ///
    /// `envp` is a list of "NAME=value", ended by a null pointer, like that of execve(2).
    private func pointer(to name: StaticString) -> UnsafeMutablePointer<CChar>? {
        let length = name.utf8CodeUnitCount
        let wanted = unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        guard var entry = unsafe raw.pointee.envp else { return nil }
        while let text = unsafe entry.pointee {
            // Most names differ in their first character.
            if unsafe text.pointee == wanted.pointee, unsafe strncmp(text, wanted, length) == 0,
                unsafe text[length] == Request.equals
            {
                return unsafe text + length + 1
            }
            unsafe entry += 1
        }
        return nil
    }

    private static let equals = CChar(bitPattern: UInt8(ascii: "="))
}

/// Why the body of a request could not be had.
package enum BodyError: Error, Hashable, Sendable {
    /// It is longer than the reader allows.
    case tooLarge
    /// It ended before its announced length, or its length is no number.
    case truncated
}
