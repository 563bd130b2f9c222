/// Somebody who has just proved the password, and which password it was.
///
/// A session begins for one of these only, and only while the password is still the one that was
/// proved: a login that is under way while the password changes, or while the account is disabled
/// and enabled again, begins nothing.
package struct Authentication: Hashable, Sendable {
    /// Who it is.
    package let userID: PublicID
    /// The number of the credentials that were proved: each new password moves it, and so does
    /// disabling the account.
    package let credentialVersion: Int64

    /// Joins an account with the number of its credentials.
    package init(userID: PublicID, credentialVersion: Int64) {
        self.userID = userID
        self.credentialVersion = credentialVersion
    }
}
