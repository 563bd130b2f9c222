package import Sessions

/// On whose behalf an account is changed.
///
/// That somebody may change an account is judged when the request arrives; storage judges it again
/// in the transaction of the change, so that nothing is done for a session that ended meanwhile.
/// The operator's command line needs none.
package struct Mandate: Hashable, Sendable {
    /// The account whose session asks.
    package let user: PublicID
    /// The session that asks, by the id that stays when it is renewed.
    package let session: PublicID
    /// Whether its user must belong to the group `admin`.
    package let isAdministrative: Bool

    /// Describes who asks.
    package init(user: PublicID, session: PublicID, isAdministrative: Bool) {
        self.user = user
        self.session = session
        self.isAdministrative = isAdministrative
    }
}
