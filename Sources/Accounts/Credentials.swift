internal import Sessions

/// An account together with its password hash.
package struct Credentials: Sendable {
    /// The account.
    package let user: User
    /// Its password hash, as it is stored.
    package let passwordHash: PasswordHash
    /// The number of the credentials: each new password moves it, and so does disabling.
    package let credentialVersion: Int64

    /// Joins an account with its password hash.
    package init(user: User, passwordHash: PasswordHash, credentialVersion: Int64) {
        self.user = user
        self.passwordHash = passwordHash
        self.credentialVersion = credentialVersion
    }

    /// What a session begins for, once the password has been proved.
    var authentication: Authentication {
        Authentication(userID: user.id, credentialVersion: credentialVersion)
    }
}
