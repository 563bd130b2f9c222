import Accounts
import HTTP
import Routes
import TestStorage
import Testing

/// Setting a password by a link.
@Suite struct SetPasswordTests {
    private static let new = "seven quiet harbours 12"

    /// A site with the account `ada`, her cookie, and a link that an administrator has made.
    private struct Scene {
        let counter: Counter
        let ada: String
        let root: String
        let token: String

        init() async throws {
            counter = try Counter()
            root = try await counter.administrator()
            ada = try await counter.signUp()
            token = try await Self.link(counter, root)
        }

        static func link(_ counter: Counter, _ root: String) async throws -> String {
            let path = "/users/\(try await counter.id(of: "ada"))/link"
            let response = await counter.answer(.send(.post, path, cookie: root))
            #expect(response.status == 201)
            return String(try #require(try response.json.text("url")).suffix(43))
        }

        func set(_ token: String, _ password: String = new, isForm: Bool) async -> Response {
            await counter.answer(
                isForm
                    ? .form("/set-password", ["token": token, "password": password])
                    : .json(
                        "/set-password",
                        ["token": .string(token), "password": .string(password)]
                    )
            )
        }

        func look(_ token: String) async -> Response {
            await counter.answer(.page("/set-password", query: "token=\(token)"))
        }
    }

    @Test(arguments: [true, false])
    func `a link sets the password once, ends every session and logs nobody in (ASVS 6.4.1)`(
        isForm: Bool
    ) async throws {
        let scene = try await Scene()
        let page = await scene.look(scene.token)
        #expect(page.status == 200 && page.holds(#"value="ada""#))
        #expect(page.holds("name=\"token\" value=\"\(scene.token)\""))
        // In the cache, so that it has to be taken from there.
        #expect(await scene.counter.status(with: scene.ada) == 200)
        let count = scene.counter.events.events.count
        let response = await scene.set(scene.token, isForm: isForm)
        // CS-Forgot: no login by the link itself.
        #expect(response.status == (isForm ? 200 : 204))
        #expect(response.sessionCookie == nil)
        // The known devices went with the old password; this one is known by the new.
        #expect(response.values(of: "Set-Cookie").map { $0.prefix(14) } == ["__Host-device="])
        if isForm { #expect(response.holds("Your password was set. Please log in.")) }
        #expect(
            scene.counter.events(after: count) == ["session_revoked", "authn_password_change"]
        )
        #expect(await scene.counter.isDead(scene.ada))
        #expect(await scene.counter.opens("ada", with: Self.new))
        #expect(await !scene.counter.opens("ada", with: Counter.password))
        for again in [true, false] {
            let second = await scene.set(scene.token, "nine loud chimneys 34", isForm: again)
            #expect(second.status == 404 && second.isPage == again)
        }
        #expect(await scene.look(scene.token).status == 404)
        #expect(await scene.counter.opens("ada", with: Self.new))
    }

    @Test func `a link works until its time and not longer (ASVS 6.4.1)`() async throws {
        let scene = try await Scene()
        scene.counter.clock.advance(by: 86_399)
        #expect(await scene.look(scene.token).status == 200)
        scene.counter.clock.advance(by: 1)
        #expect(await scene.look(scene.token).status == 404)
        let response = await scene.set(scene.token, isForm: false)
        #expect(response.status == 404 && response.slug == "link-unusable")
        #expect(await scene.counter.opens("ada", with: Counter.password))
    }

    @Test func `a new link takes the place of an older one, and a new password of both`()
        async throws
    {
        let scene = try await Scene()
        let second = try await Scene.link(scene.counter, scene.root)
        #expect(await scene.look(scene.token).status == 404)
        #expect(await scene.look(second).status == 200)
        let change: JSON = ["current": .password, "new": .string(Self.new)]
        let changed = await scene.counter.answer(.json("/password", change, cookie: scene.ada))
        #expect(changed.status == 204)
        #expect(await scene.look(second).status == 404)
        let third = try await Scene.link(scene.counter, scene.root)
        #expect(await scene.set(third, "nine loud chimneys 34", isForm: false).status == 204)
        for token in [scene.token, second, third] {
            #expect(await scene.set(token, isForm: false).status == 404)
        }
        #expect(await scene.counter.opens("ada", with: "nine loud chimneys 34"))
    }

    @Test func `a link of a disabled account does not work, and does not enable it`()
        async throws
    {
        let scene = try await Scene()
        try await scene.counter.storage.change("ada") { $0.disabled }
        #expect(await scene.look(scene.token).status == 404)
        #expect(await scene.set(scene.token, isForm: false).status == 404)
        #expect(try await scene.counter.account("ada").isDisabled)
        #expect(await !scene.counter.opens("ada", with: Self.new))
    }

    @Test func `a link of a deleted account does not work for who has the name next`()
        async throws
    {
        let scene = try await Scene()
        let path = "/users/\(try await scene.counter.id(of: "ada"))"
        _ = await scene.counter.answer(.send(.delete, path, cookie: scene.root))
        _ = try await scene.counter.signUp()
        #expect(await scene.set(scene.token, isForm: false).status == 404)
        #expect(await scene.counter.opens("ada", with: Counter.password))
    }

    @Test(
        arguments: [
            "", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            String(repeating: "A", count: 42), String(repeating: "A", count: 44),
            "' OR 1=1 --", "<script>", "ä", String(repeating: "A", count: 4096),
        ]
    )
    func `what is no link is told as a used one, and costs no hash`(token: String) async throws {
        let scene = try await Scene()
        let before = scene.counter.hashCount
        let unknown = await scene.look("BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA")
        #expect(unknown.status == 404)
        #expect(await scene.look(Percent.encodeQueryValue(token)) == unknown)
        let set = await scene.set(token, isForm: false)
        #expect(set.status == 404 && set.slug == "link-unusable")
        #expect(scene.counter.hashCount == before)
        #expect(await scene.counter.answer(.page("/set-password")).status == 404)
        #expect(await scene.counter.answer(.json("/set-password", [:])).status == 404)
    }

    @Test(arguments: ["", "short 1", "password1", "qwertyuiop"])
    func `a password that breaks the rules is told, and the link still works`(password: String)
        async throws
    {
        let scene = try await Scene()
        let page = await scene.set(scene.token, password, isForm: true)
        #expect(page.status == 400 && page.holds(#"id="password-error""#))
        #expect(page.holds("name=\"token\" value=\"\(scene.token)\""))
        let json = await scene.set(scene.token, password, isForm: false)
        #expect(json.status == 400 && json.issuePaths == ["password"])
        #expect(await scene.set(scene.token, isForm: true).status == 200)
    }

    @Test func `when hashing is full the link still works later`() async throws {
        let scene = try await Scene()
        scene.counter.stopHashing()
        #expect(await scene.set(scene.token, isForm: false).slug == "busy")
        #expect(await scene.set(scene.token, isForm: true).status == 503)
        #expect(await scene.look(scene.token).status == 200)
        #expect(await scene.counter.status(with: scene.ada) == 200)
    }

    @Test func `of many who use one link at once one sets the password`() async throws {
        let scene = try await Scene()
        let statuses = await withTaskGroup(of: Int.self) { group in
            for number in 10..<14 {
                group.addTask {
                    await scene.set(scene.token, "quiet harbours \(number)", isForm: false).status
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.sorted() == [204, 404, 404, 404])
    }
}
