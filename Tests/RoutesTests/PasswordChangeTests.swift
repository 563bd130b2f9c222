import HTTP
import Routes
import Telemetry
import TestStorage
import Testing

/// Changing my password.
@Suite struct PasswordChangeTests {
    private static let new = "seven quiet harbours 12"
    private static let origin = Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")

    /// The request by which a password is changed, from a program or a page.
    private func request(
        _ current: String = Counter.password,
        _ new: String = new,
        isForm: Bool,
        cookie: String
    ) -> Request {
        isForm
            ? .form("/password", ["current": current, "new": new], cookie: cookie)
            : .json(
                "/password",
                ["current": .string(current), "new": .string(new)],
                cookie: cookie
            )
    }

    @Test(arguments: [true, false])
    func `every other session ends, this one goes on under a new ticket (ASVS 6.2.2, 7.2.4, 7.4.3)`(
        isForm: Bool
    ) async throws {
        let counter = try Counter()
        let old = try await counter.signUp()
        let others = [try await counter.logIn(), try await counter.logIn(remember: true)]
        let id = try await counter.session(of: old)
        // In the cache, so that they have to be taken from there.
        for other in others { #expect(await counter.status(with: other) == 200) }
        let count = counter.events.events.count
        let response = await counter.answer(request(isForm: isForm, cookie: old))
        #expect(response.status == (isForm ? 303 : 204))
        #expect(response.location == (isForm ? "/account?done=password" : nil))
        let new = try response.cookie
        #expect(new != old)
        #expect(
            counter.events(after: count) == [
                "session_revoked", "session_revoked", "authn_password_change", "session_renewed",
            ]
        )
        for dead in others + [old] { #expect(await counter.isDead(dead)) }
        #expect(try await counter.session(of: new) == id)
        #expect(await counter.opens("ada", with: Self.new))
        #expect(await !counter.opens("ada", with: Counter.password))
    }

    @Test(arguments: [true, false])
    func `a wrong current password changes nothing, and is an event (ASVS 6.2.3, 7.5.1)`(
        isForm: Bool
    )
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let other = try await counter.logIn()
        let session = try await counter.session(of: cookie)
        for wrong in ["not my password 9", ""] {
            let response = await counter.answer(request(wrong, isForm: isForm, cookie: cookie))
            #expect(response.status == 400)
            if isForm {
                #expect(response.isPage && response.holds(#"id="current-error""#))
            } else {
                #expect(response.issuePaths == ["current"])
            }
            let user = try await counter.id(of: "ada")
            let event = Event.passwordChangeFailed(
                user: user,
                session: session,
                from: Self.origin
            )
            #expect(counter.events.events.last == event)
        }
        #expect(await counter.status(with: cookie) == 200)
        #expect(await counter.status(with: other) == 200)
        #expect(await counter.opens("ada", with: Counter.password))
    }

    @Test(arguments: ["", "short 1", "password1", "qwertyuiop"], [true, false])
    func `a new password that breaks the rules is told at its field, before any hash`(
        new: String,
        isForm: Bool
    ) async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let before = counter.hashCount
        let response = await counter.answer(
            request("not my password 9", new, isForm: isForm, cookie: cookie)
        )
        #expect(response.status == 400)
        if isForm {
            #expect(response.holds(#"id="new-error""#) && !response.holds(#"id="current-error""#))
        } else {
            #expect(response.issuePaths == ["new"])
        }
        #expect(counter.hashCount == before)
    }

    @Test func `wrong passwords within a session are slowed down, and logins are not (ASVS 6.3.1)`()
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        for _ in 0..<10 {
            let wrong = request("not my password 9", isForm: false, cookie: cookie)
            #expect(await counter.answer(wrong).status == 400)
        }
        // The right one waits too, in both forms and at the re-authentication.
        for isForm in [true, false] {
            let response = await counter.answer(request(isForm: isForm, cookie: cookie))
            #expect(response.status == 429 && response.value(of: "Retry-After") == "1")
            #expect(response.isPage == isForm)
        }
        let again = Request.json("/reauthenticate", ["password": .password], cookie: cookie)
        #expect(await counter.answer(again).status == 429)
        #expect(counter.events.names.last == "authn_login_lock")
        #expect(await counter.opens("ada", with: Counter.password))
        counter.clock.advance(by: 1)
        #expect(await counter.answer(request(isForm: false, cookie: cookie)).status == 204)
    }

    @Test func `of two changes at once one is made, and only its ticket lives`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        let passwords = ["seven quiet harbours 12", "nine loud chimneys 34"]
        let answers = await withTaskGroup(of: Response.self) { group in
            for password in passwords {
                group.addTask {
                    let body: JSON = ["current": .password, "new": .string(password)]
                    return await counter.answer(.json("/password", body, cookie: cookie))
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0.status == 204 } == 1)
        #expect(answers.allSatisfy { [204, 400, 401].contains($0.status) })
        let winner = try #require(answers.first { $0.status == 204 })
        #expect(await counter.status(with: try winner.cookie) == 200)
        #expect(await counter.isDead(cookie))
        #expect(try await counter.storage.storedSessions.count == 1)
        var count = 0
        for password in passwords where await counter.opens("ada", with: password) { count += 1 }
        #expect(count == 1)
    }

    @Test(arguments: [true, false])
    func `when hashing is full a change is 503 at once, and nothing changed`(isForm: Bool)
        async throws
    {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        counter.stopHashing()
        let response = await counter.answer(request(isForm: isForm, cookie: cookie))
        #expect(response.status == 503 && response.value(of: "Retry-After") == "1")
        #expect(response.isPage == isForm)
        #expect(counter.events.names.last == "authn_login_busy")
        #expect(await counter.status(with: cookie) == 200)
    }

    @Test func `fields of another type are refused by name`() async throws {
        let counter = try Counter()
        let cookie = try await counter.signUp()
        for (body, field) in [
            (["current": 1, "new": "x"], "current"), (["current": "x", "new": ["a"]], "new"),
        ] as [(JSON, String)] {
            let response = await counter.answer(.json("/password", body, cookie: cookie))
            #expect(response.status == 400 && response.issuePaths == [field])
        }
        let text = Request.json("/password", [:], cookie: cookie).with {
            $0.contentType = "text/plain"
        }
        #expect(await counter.answer(text).status == 415)
    }
}
