/// Somebody who has just proved the password, and which password it was.
///
/// A session begins for one of these only, and only while the password is still the one that was
/// proved: a login that is under way while the password changes begins nothing.
package struct Authentication: Hashable, Sendable {
    /// Who it is.
    package let userID: PublicID
    /// The number of the password that was proved; every change of the password moves it.
    package let credentialVersion: Int64

    /// Joins an account with the number of its password.
    package init(userID: PublicID, credentialVersion: Int64) {
        self.userID = userID
        self.credentialVersion = credentialVersion
    }
}
