internal import COpenSSL
internal import Sessions

/// What all TLS connections to a server have in common: whom we trust, and who we are.
///
/// The files are read once; who renews them restarts the program.
///
/// `@unchecked Sendable`: it is not changed once it is made, and OpenSSL counts its uses itself.
@safe
final class RedisTLSContext: @unchecked Sendable {
    private let context: OpaquePointer

    /// Reads the files.
    ///
    /// - Throws: `unavailable` with `settings` when one of them cannot be used.
    init(_ files: RedisURL.Certificates) throws(StorageError) {
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw Self.refusal("OpenSSL")
        }
        unsafe self.context = context
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        // RFC 9325 section 3.1.1: nothing older than TLS 1.2.
        guard unsafe coatcheck_ssl_ctx_set_min_proto_version(context, TLS1_2_VERSION) == 1 else {
            throw Self.refusal("OpenSSL")
        }
        guard unsafe Self.trust(files.authorities, context) else {
            throw Self.refusal("sslrootcert")
        }
        guard let certificate = files.certificate, let key = files.key else { return }
        guard unsafe SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
            throw Self.refusal("sslcert")
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
            throw Self.refusal("sslkey")
        }
    }

    deinit { unsafe SSL_CTX_free(context) }

    /// Makes a connection that takes the server only for the host that was asked for.
    func session(with host: String) throws(StorageError) -> OpaquePointer {
        guard let session = unsafe SSL_new(context) else { throw Self.refusal("OpenSSL") }
        guard unsafe Self.expect(host, session) else {
            unsafe SSL_free(session)
            throw Self.refusal("the host")
        }
        return unsafe session
    }

    private static func trust(_ file: String?, _ context: OpaquePointer) -> Bool {
        guard let file else { return unsafe SSL_CTX_set_default_verify_paths(context) == 1 }
        return unsafe SSL_CTX_load_verify_file(context, file) == 1
    }

    /// Asks for the certificate of a host, and for one that names it (RFC 9525); a numeric address
    /// must stand in it as one.
    private static func expect(_ host: String, _ session: OpaquePointer) -> Bool {
        let parameters = unsafe SSL_get0_param(session)
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1 { return true }
        return unsafe X509_VERIFY_PARAM_set1_host(parameters, host, 0) == 1
            && coatcheck_ssl_set_server_name(session, host) == 1
    }

    private static func refusal(_ part: String) -> StorageError {
        ERR_clear_error()
        return .unavailable(code: "settings", detail: "TLS to Redis: \(part) cannot be used")
    }
}
