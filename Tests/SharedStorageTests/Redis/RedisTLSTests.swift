#if SharedEngines
import Foundation
import Sessions
import Testing

@testable import SharedStorage

@Suite(.timeLimit(.minutes(10))) struct RedisTLSTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("tls-\(PublicID.random().text)")

    /// Makes a certificate that signs itself, for a name.
    private func makeCertificate(_ name: String, for host: String) throws -> String {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent(name).path
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        openssl.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2", "-subj", "/CN=\(host)", "-addext", "subjectAltName=\(host)", "-out",
            "\(path).pem", "-keyout", "\(path).key",
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        try #require(openssl.terminationStatus == 0)
        return path
    }

    /// A server that speaks TLS, with a certificate.
    private func start(_ certificate: String, port: UInt16) throws -> LocalRedis {
        try LocalRedis(
            "--tls-port",
            "\(port)",
            "--tls-cert-file",
            "\(certificate).pem",
            "--tls-key-file",
            "\(certificate).key",
            "--tls-ca-cert-file",
            "\(certificate).pem",
            "--tls-auth-clients",
            "optional"
        )
    }

    private func connect(_ text: String) throws -> RedisConnection {
        try RedisConnection(through: RedisDoor(RedisURL(text)))
    }

    private func reason(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch {
            guard case .unavailable(let code, let detail) = error as? StorageError else {
                return "other"
            }
            return "\(code): \(detail)"
        }
    }

    @Test func `only a trusted certificate of the host that was asked for will do`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let good = try makeCertificate("good", for: "DNS:localhost,IP:127.0.0.1")
        let other = try makeCertificate("other", for: "DNS:elsewhere.example")
        let ports = try freePorts(2)
        let servers = [try start(good, port: ports[0]), try start(other, port: ports[1])]

        for host in ["localhost", "127.0.0.1"] {
            let url = "rediss://\(host):\(ports[0])?sslrootcert=\(good).pem"
            let connection = try connect(url)
            #expect(connection.isUsable)
            _ = try connection.call(RedisCommand("PING"))
            #expect(connection.isUsable)
        }

        let wrongName = reason {
            _ = try connect("rediss://localhost:\(ports[1])?sslrootcert=\(other).pem")
        }
        #expect(wrongName.hasPrefix("denied: the certificate of Redis: hostname mismatch"))
        let wrongAddress = reason {
            _ = try connect("rediss://127.0.0.1:\(ports[1])?sslrootcert=\(other).pem")
        }
        #expect(wrongAddress.hasPrefix("denied: the certificate of Redis: IP address mismatch"))
        for trusted in ["?sslrootcert=\(other).pem", ""] {
            let untrusted = reason {
                _ = try connect("rediss://localhost:\(ports[0])\(trusted)")
            }
            #expect(untrusted.hasPrefix("denied: the certificate of Redis: self-signed"))
        }
        _ = servers
    }

    @Test func `a server that does not speak TLS is given up`() throws {
        let server = try ScriptedServer(answering: "-ERR unknown command\r\n")
        let answer = reason { _ = try connect("rediss://127.0.0.1:\(server.port)") }
        #expect(answer.hasPrefix("unreachable") || answer.hasPrefix("timeout"))
    }

    @Test func `files that are no certificates are named`() throws {
        #expect(
            reason { _ = try connect("rediss://localhost?sslrootcert=/dev/null") }
                .contains("sslrootcert")
        )
        #expect(
            reason { _ = try connect("rediss://localhost?sslcert=/absent&sslkey=/absent") }
                .contains("sslcert")
        )
    }

    /// Ports that nobody listens on, each another.
    private func freePorts(_ count: Int) throws -> [UInt16] {
        let servers = try (0..<count).map { _ in try ScriptedServer(answering: []) }
        return servers.map(\.port)
    }
}
#endif
