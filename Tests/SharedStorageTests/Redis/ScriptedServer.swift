#if SharedEngines
import Foundation
import Sessions
import Testing

@testable import SharedStorage

/// A server on loopback that answers whatever it is sent with the same bytes, and then nothing
/// more, or closes.
final class ScriptedServer: Sendable {
    /// Where it listens.
    let port: UInt16
    private let listener: Int32

    init(answering answer: [UInt8], closing: Bool = false) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(listener >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(listener, pointer, length) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        try #require(isListening)
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { Self.serve(listener, answer, closing) }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    convenience init(answering text: String, closing: Bool = false) throws {
        try self.init(answering: Array(text.utf8), closing: closing)
    }

    /// A URL that leads to it.
    var url: RedisURL {
        get throws { try RedisURL("redis://127.0.0.1:\(port)") }
    }

    private static func serve(_ listener: Int32, _ answer: [UInt8], _ closing: Bool) {
        var connections: [Int32] = []
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            var question = [UInt8](repeating: 0, count: 4096)
            _ = unsafe recv(connection, &question, question.count, 0)
            _ = unsafe send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
            if closing { close(connection) } else { connections.append(connection) }
        }
        for connection in connections { close(connection) }
        close(listener)
    }
}
#endif
