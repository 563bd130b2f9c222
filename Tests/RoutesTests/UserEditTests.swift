import Accounts
import HTTP
import Routes
import Telemetry
import TestStorage
import Testing

/// Changing an account by the API for administrators.
@Suite struct UserEditTests {
    private static let origin = Event.Origin(address: "192.0.2.7", requestID: "3f1c9a")

    @Test func `disabling ends every session at once, and an event says by whom (ASVS 7.4.2)`()
        async throws
    {
        let scene = try await AdministrationScene()
        let counter = scene.counter
        let session = try await counter.session(of: scene.ada)
        let count = counter.events.events.count
        let response = await scene.send(.patch, scene.adaPath, ["disabled": true])
        #expect(response.status == 200)
        #expect(try response.json["disabled"] == .bool(true))
        #expect(try response.json["version"] == .number(2))
        let (id, root) = (try await counter.id(of: "ada"), try await counter.id(of: "root"))
        #expect(
            Array(counter.events.events.dropFirst(count))
                == [
                    .userUpdated(user: id, change: .disabled, by: root, from: Self.origin),
                    .sessionRevoked(session: session, user: id, by: root, from: Self.origin),
                ]
        )
        #expect(await counter.check(cookie: scene.ada).status == 401)
        #expect(await !counter.opens("ada", with: Counter.password))
        let enabled = await scene.send(.patch, scene.adaPath, ["disabled": false])
        #expect(try enabled.json["disabled"] == .bool(false))
        #expect(counter.events.names.last == "user_updated")
        // What ended stays ended.
        #expect(await counter.isDead(scene.ada))
        #expect(await counter.opens("ada", with: Counter.password))
    }

    @Test func `groups are replaced as a whole, sorted, and hold at the next request`()
        async throws
    {
        let scene = try await AdministrationScene()
        let counter = scene.counter
        #expect(await counter.check(cookie: scene.ada).value(of: "X-Auth-Groups") == "")
        _ = await scene.send(.patch, scene.adaPath, ["groups": ["z", "a", "z"]])
        #expect(await counter.check(cookie: scene.ada).value(of: "X-Auth-Groups") == "a,z")
        let response = await scene.send(.patch, scene.adaPath, ["groups": ["z", "b"]])
        #expect(try response.json["groups"] == ["b", "z"])
        let (id, root) = (try await counter.id(of: "ada"), try await counter.id(of: "root"))
        #expect(
            counter.events.events.last
                == .groupsChanged(
                    user: id,
                    added: ["b"],
                    removed: ["a"],
                    by: root,
                    from: Self.origin
                )
        )
        #expect(await counter.check(cookie: scene.ada).value(of: "X-Auth-Groups") == "b,z")
    }

    @Test func `an edit of a version that is no more is 409 and loses nobody's change`()
        async throws
    {
        let scene = try await AdministrationScene()
        let first = await scene.send(.patch, scene.adaPath, ["groups": ["a"], "version": 1])
        #expect(first.status == 200)
        let second = await scene.send(.patch, scene.adaPath, ["groups": ["b"], "version": 1])
        #expect(second.status == 409 && second.slug == "edit-conflict")
        #expect(try await scene.counter.account("ada").groups == ["a"])
        let third = await scene.send(.patch, scene.adaPath, ["groups": ["b"], "version": 2])
        #expect(third.status == 200)
    }

    @Test(
        arguments: [
            (["groups": ["a b"]], "groups"), (["disabled": "yes"], "disabled"),
            (["disabled": 1], "disabled"), (["version": "1"], "version"),
            (["version": 1.5], "version"), (["version": 1e300], "version"),
            (["groups": [:]], "groups"),
        ] as [(JSON, String)]
    )
    func `an edit that is not understood is 400 and changes nothing`(body: JSON, field: String)
        async throws
    {
        let scene = try await AdministrationScene()
        let before = try await scene.counter.stored
        let response = await scene.send(.patch, scene.adaPath, body)
        #expect(response.status == 400 && response.issuePaths == [field])
        #expect(try await scene.counter.stored == before)
    }

    @Test(arguments: [[:], ["version": 1], ["group": ["staff"]], ["groups": .null]] as [JSON])
    func `an edit of nothing changes nothing and moves no version`(body: JSON) async throws {
        let scene = try await AdministrationScene()
        let before = try await scene.counter.stored
        #expect(await scene.send(.patch, scene.adaPath, body).status == 200)
        #expect(try await scene.counter.stored == before)
    }

    @Test func `64 groups fit, and 65 do not`() async throws {
        let scene = try await AdministrationScene()
        let groups = (1...65).map { JSON.string("g\($0)") }
        let most: JSON = ["groups": .array(Array(groups.dropLast()))]
        #expect(await scene.send(.patch, scene.adaPath, most).status == 200)
        let response = await scene.send(.patch, scene.adaPath, ["groups": .array(groups)])
        #expect(response.status == 400 && response.issuePaths == ["groups"])
        #expect(try await scene.counter.account("ada").groups.count == 64)
    }
}
