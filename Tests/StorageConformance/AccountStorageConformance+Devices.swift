internal import Accounts
internal import Sessions
internal import Testing

extension AccountStorageConformance {
    /// Promise 11.
    static let links = [
        ConformanceCase(11, "a link works once, until its time (ASVS 6.4.1)") { storage in
            let ada = try await storage.signUp()
            let link = PasswordLink(digest: Sample.key(), userID: ada.id, expiresAt: later)
            let late = PasswordLink(digest: Sample.key(), userID: ada.id, expiresAt: later)
            try await storage.accounts.insertLink(link)
            let accounts = storage.accounts
            #expect(try await accounts.user(ofLink: link.digest, at: later + -1) == ada)
            #expect(try await accounts.user(ofLink: link.digest, at: later) == nil)
            #expect(try await accounts.user(ofLink: Sample.key(), at: Sample.start) == nil)
            #expect(try await accounts.setPassword(second, byLink: link.digest, at: later) == nil)
            #expect(try await accounts.credentials(of: ada.id)?.passwordHash == first)
            let earlier = later + -1
            let used = try await accounts.setPassword(second, byLink: link.digest, at: earlier)
            #expect(used?.user == ada)
            let again = try await accounts.setPassword(first, byLink: link.digest, at: earlier)
            #expect(again == nil)
            #expect(try await accounts.credentials(of: ada.id)?.passwordHash == second)
            try await accounts.insertLink(late)
            try await accounts.removeExpiredLinks(at: earlier)
            #expect(try await accounts.user(ofLink: late.digest, at: earlier) == ada)
            try await accounts.removeExpiredLinks(at: later)
            #expect(try await accounts.user(ofLink: late.digest, at: earlier) == nil)
        },
        ConformanceCase(11, "of many who use one link at once one sets the password") { storage in
            let ada = try await storage.signUp()
            let link = PasswordLink(digest: Sample.key(), userID: ada.id, expiresAt: later)
            try await storage.accounts.insertLink(link)
            let changes = try await withThrowingTaskGroup(of: AccountChange?.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        try await storage.accounts.setPassword(
                            PasswordHash(text: "$\(number)"),
                            byLink: link.digest,
                            at: Sample.start
                        )
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }.compactMap { $0 }
            }
            #expect(changes.count == 1)
            #expect(try await storage.accounts.credentials(of: ada.id)?.credentialVersion == 2)
        },
        ConformanceCase(11, "the link of a new account is kept with it, or neither is") { storage in
            let ada = Sample.user()
            let nobody = PasswordLink(digest: Sample.key(), userID: .random(), expiresAt: later)
            await #expect(throws: StorageError.self) {
                try await storage.accounts.insert(account(of: ada, with: nobody))
            }
            #expect(try await storage.accounts.user(ada.id) == nil)
            let link = PasswordLink(digest: Sample.key(), userID: ada.id, expiresAt: later)
            try await storage.accounts.insert(account(of: ada, with: link))
            let found = try await storage.accounts.user(ofLink: link.digest, at: Sample.start)
            #expect(found == ada)
        },
        ConformanceCase(11, "a link is for an account that is there and not disabled") { storage in
            let nobody = PasswordLink(digest: Sample.key(), userID: .random(), expiresAt: later)
            await #expect(throws: StorageError.unknownUser) {
                try await storage.accounts.insertLink(nobody)
            }
            let bob = try await storage.signUp(Sample.user("bob", isDisabled: true))
            let link = PasswordLink(digest: Sample.key(), userID: bob.id, expiresAt: later)
            try await storage.accounts.insertLink(link)
            let time = Sample.start
            #expect(try await storage.accounts.user(ofLink: link.digest, at: time) == nil)
            let change = try await storage.accounts.setPassword(
                second,
                byLink: link.digest,
                at: time
            )
            #expect(change == nil)
            #expect(try await storage.accounts.credentials(of: bob.id)?.passwordHash == first)
        },
    ]

    /// Promise 12.
    static let devices = [
        ConformanceCase(12, "a device is known for its account, from its last use for a time") {
            storage in
            let ada = try await storage.signUp()
            let bob = try await storage.signUp(Sample.user("bob"))
            let key = Sample.key()
            let accounts = storage.accounts
            for age in [Int64(5), 9, 7] {
                try await accounts.remember(device(key, ada, age), keeping: 5)
            }
            let expected = [device(key, ada, 9)]
            #expect(try await accounts.devices(of: ada.id) == expected)
            let time = Sample.start
            #expect(try await accounts.isKnown(device: key, of: ada.id, since: time + 9))
            #expect(try await !accounts.isKnown(device: key, of: ada.id, since: time + 10))
            #expect(try await !accounts.isKnown(device: key, of: bob.id, since: time))
            #expect(try await !accounts.isKnown(device: Sample.key(), of: ada.id, since: time))
            // The same browser becomes a device of another account without leaving this one.
            try await accounts.remember(device(key, bob, 3), keeping: 5)
            #expect(try await accounts.devices(of: ada.id) == expected)
            try await accounts.forgetDevices(before: time + 9)
            #expect(try await accounts.devices(of: ada.id) == expected)
            #expect(try await accounts.devices(of: bob.id).isEmpty)
            try await accounts.forgetDevices(before: time + 10)
            #expect(try await accounts.devices(of: ada.id).isEmpty)
        },
        ConformanceCase(12, "the least recently used go when there are too many") { storage in
            let ada = try await storage.signUp()
            let bob = try await storage.signUp(Sample.user("bob"))
            let known = (0..<6).map { device(Sample.key(), ada, $0) }
            let others = device(Sample.key(), bob, 0)
            try await storage.accounts.remember(others, keeping: 3)
            for device in known { try await storage.accounts.remember(device, keeping: 3) }
            let left = try await storage.accounts.devices(of: ada.id)
            #expect(left == [known[5], known[4], known[3]])
            // The clock was set back: the new one stays though it looks the oldest.
            let new = device(Sample.key(), ada, -9)
            try await storage.accounts.remember(new, keeping: 3)
            #expect(try await storage.accounts.devices(of: ada.id) == [known[5], known[4], new])
            #expect(try await storage.accounts.devices(of: bob.id) == [others])
        },
        ConformanceCase(12, "devices are of accounts that are there, and go with them") { storage in
            let ada = try await storage.signUp()
            let known = device(Sample.key(), ada, 0)
            try await storage.accounts.remember(known, keeping: 3)
            await #expect(throws: StorageError.unknownUser) {
                let device = device(Sample.key(), Sample.user(), 0)
                try await storage.accounts.remember(device, keeping: 3)
            }
            _ = try await storage.accounts.delete(ada.id, force: false, at: later)
            #expect(try await storage.accounts.devices(of: ada.id).isEmpty)
        },
    ]

    private static func account(of user: User, with link: PasswordLink) -> NewAccount {
        var account = Sample.account(user)
        account.link = link
        return account
    }

    private static func device(_ key: TokenDigest, _ user: User, _ age: Int64) -> KnownDevice {
        KnownDevice(key: key, userID: user.id, usedAt: Sample.start + age)
    }
}
