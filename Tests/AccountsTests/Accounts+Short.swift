import Sessions

@testable import Accounts

/// The calls as most tests make them: from one address, without a known device.
extension Accounts {
    func signUp(
        username: String?,
        email: String?,
        password: String
    ) async throws(SignUpError) -> User {
        try await signUp(
            username: username,
            email: email,
            password: password,
            from: LoginSource(address: "192.0.2.1", device: nil)
        ) { id in
            SessionPolicy().newSession(
                of: id,
                client: ClientDescription(address: "192.0.2.1", userAgent: "Tests/1.0"),
                isRemembered: false,
                at: now()
            )
        }.user
    }

    /// Within a session of the account that has the account's id.
    func reauthenticate(
        _ id: PublicID,
        password: String
    ) async throws(AuthenticationError) -> Authentication {
        try await reauthenticate(id, within: id, password: password)
    }

    func authenticate(
        name: String,
        password: String
    ) async throws(AuthenticationError) -> User {
        try await authenticate(
            name: name,
            password: password,
            from: LoginSource(address: "192.0.2.1", device: nil)
        ).user
    }
}
