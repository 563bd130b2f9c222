internal import Accounts
internal import Sessions
internal import Testing

extension AccountStorageConformance {
    /// Promise 13, and what else keeps others out of an account.
    static let mandates = [
        ConformanceCase(13, "a change is made for a live session only (ASVS 7.4.1)") { storage in
            let ada = try await storage.signUp(Sample.user("ada", groups: ["admin"]))
            let bob = try await storage.signUp(Sample.user("bob"))
            let mine = try await storage.signIn(Sample.session(of: ada))
            let theirs = try await storage.signIn(Sample.session(of: bob))
            let root = Mandate(user: ada.id, session: mine.id, isAdministrative: true)
            let refused = [
                Mandate(user: bob.id, session: theirs.id, isAdministrative: true),
                Mandate(user: bob.id, session: .random(), isAdministrative: false),
            ]
            for mandate in refused {
                for change in changes(to: bob, storage, by: mandate) {
                    await #expect(throws: StorageError.mandateEnded) { try await change() }
                }
            }
            #expect(try await storage.accounts.user(bob.id) == bob)
            for change in changes(to: bob, storage, by: root) { try await change() }
            #expect(try await storage.accounts.user(bob.id) == nil)
        },
        ConformanceCase(13, "what has ended meanwhile changes nothing") { storage in
            let bob = try await storage.signUp(Sample.user("bob"))
            let ends: [(User) async throws -> Void] = [
                { _ = try await storage.sessions.removeAll(of: $0.id, except: nil, at: later) },
                { _ = try await storage.edit($0, UserEdit(isDisabled: true)) },
                { _ = try await storage.edit($0, UserEdit(groups: ["staff"])) },
                { _ = try await storage.delete($0) },
            ]
            for (number, end) in ends.enumerated() {
                let ada = try await storage.signUp(Sample.user("ada\(number)", groups: ["admin"]))
                try await storage.signUp(Sample.user("eve\(number)", groups: ["admin"]))
                let session = try await storage.signIn(Sample.session(of: ada))
                try await end(ada)
                let mandate = Mandate(user: ada.id, session: session.id, isAdministrative: true)
                for change in changes(to: bob, storage, by: mandate) {
                    await #expect(throws: StorageError.mandateEnded) { try await change() }
                }
            }
            #expect(try await storage.accounts.user(bob.id) == bob)
        },
        ConformanceCase(7, "an administrator who waits for a link is none yet") { storage in
            let ada = try await storage.signUp(Sample.user("ada", groups: ["admin"]))
            let bob = Sample.user("bob", groups: ["admin"])
            try await storage.accounts.insert(
                Sample.account(bob, hash: PasswordHash.none.text)
            )
            await #expect(throws: StorageError.lastAdministrator) { try await storage.delete(ada) }
            let hash = PasswordHash(text: "$argon2id$2")
            _ = try await storage.accounts.setPassword(hash, of: bob.id, at: later)
            _ = try await storage.delete(ada)
        },
        ConformanceCase(11, "a newer link, and being disabled, end a link for good") { storage in
            let ada = try await storage.signUp()
            let links = (0..<3).map { _ in
                PasswordLink(digest: Sample.key(), userID: ada.id, expiresAt: later)
            }
            for link in links { try await storage.accounts.insertLink(link) }
            let accounts = storage.accounts
            for link in links.dropLast() {
                #expect(try await accounts.user(ofLink: link.digest, at: Sample.start) == nil)
            }
            let last = links[2].digest
            #expect(try await accounts.user(ofLink: last, at: Sample.start) == ada)
            _ = try await storage.edit(ada, UserEdit(isDisabled: true))
            _ = try await storage.edit(ada, UserEdit(isDisabled: false))
            #expect(try await accounts.user(ofLink: last, at: Sample.start) == nil)
        },
        ConformanceCase(5, "a new password is known on no device (ASVS 6.1.1)") { storage in
            let ada = try await storage.signUp()
            let bob = try await storage.signUp(Sample.user("bob"))
            for user in [ada, bob] {
                let device = KnownDevice(key: Sample.key(), userID: user.id, usedAt: Sample.start)
                try await storage.accounts.remember(device, keeping: 3)
            }
            let hash = PasswordHash(text: "$argon2id$2")
            _ = try await storage.accounts.setPassword(hash, of: ada.id, at: later)
            #expect(try await storage.accounts.devices(of: ada.id).isEmpty)
            #expect(try await storage.accounts.devices(of: bob.id).count == 1)
        },
        ConformanceCase(12, "devices that came back outlive those that never did") { storage in
            let ada = try await storage.signUp()
            let browser = KnownDevice(key: Sample.key(), userID: ada.id, usedAt: Sample.start)
            for _ in 0..<2 { try await storage.accounts.remember(browser, keeping: 3) }
            for age in Int64(1)...9 {
                let script = KnownDevice(
                    key: Sample.key(),
                    userID: ada.id,
                    usedAt: Sample.start + age
                )
                try await storage.accounts.remember(script, keeping: 3)
            }
            #expect(try await storage.accounts.devices(of: ada.id).count == 3)
            let since = Sample.start
            #expect(
                try await storage.accounts.isKnown(device: browser.key, of: ada.id, since: since)
            )
        },
    ]

    /// Every change that takes a mandate; the last one deletes the account.
    private static func changes(
        to user: User,
        _ storage: StorageUnderTest,
        by mandate: Mandate
    ) -> [() async throws -> Void] {
        let accounts = storage.accounts
        let link = PasswordLink(digest: Sample.key(), userID: user.id, expiresAt: later)
        let new = Sample.account(Sample.user("new"))
        return [
            { try await accounts.insert(new, beginning: nil, by: mandate) },
            { try await accounts.insertLink(link, by: mandate) },
            {
                let edit = UserEdit(groups: ["admin"])
                _ = try await accounts.edit(
                    user.id,
                    edit,
                    ifVersion: nil,
                    force: false,
                    by: mandate,
                    at: later
                )
            },
            { _ = try await accounts.delete(user.id, force: false, by: mandate, at: later) },
        ]
    }
}
