import Routes
import Testing

@testable import coatcheck

/// The setting `policies`.
@Suite struct PolicySettingTests {
    @Test func `a policy has groups, an age, or both`() throws {
        let read = try settings(
            """
            policies:
              editors:
                groups: [editors, staff]
              recent: {max-age: 10m}
              a-b_1:
                groups:
                  - a.b-c_D
                max-age: 1s
              "0": {max-age: 90d}
            """
        )[.policies]
        #expect(
            read.custom == [
                "editors": AccessPolicy(groups: ["editors", "staff"]),
                "recent": AccessPolicy(maxAge: 600),
                "a-b_1": AccessPolicy(groups: ["a.b-c_D"], maxAge: 1),
                "0": AccessPolicy(maxAge: 7_776_000),
            ]
        )
    }

    @Test(
        arguments: [
            // the names of policies: those built in, and what no location of nginx lets through
            "user: {max-age: 1s}", "admin: {groups: [a]}", "User: {max-age: 1s}",
            "\"a b\": {max-age: 1s}", "\"\": {max-age: 1s}", "a/b: {max-age: 1s}",
            "ä: {max-age: 1s}", "a.b: {max-age: 1s}", "\"a\\n\": {max-age: 1s}",
            "\(String(repeating: "a", count: 65)): {max-age: 1s}",
            // durations
            "x: {max-age: 0s}", "x: {max-age: -1s}", "x: {max-age: 10}", "x: {max-age: 1w}",
            "x: {max-age: \"\"}", "x: {max-age: 1.5h}", "x: {max-age: 1h30m}", "x: {max-age: ~}",
            "x: {max-age: 99999999999999999999s}", "x: {max-age: 9223372036854775807d}",
            "x: {max-age: [1s]}", "x: {max-age: {s: 1}}", "x: {max-age: never}",
            // the names of groups
            "x: {groups: [\"\"]}", "x: {groups: [a b]}", "x: {groups: [\"a,b\"]}",
            "x: {groups: [\"a\\tb\"]}", "x: {groups: [\"a\\r\\nX-Auth-Id: 1\"]}",
            "x: {groups: [-a]}", "x: {groups: [ä]}", "x: {groups: [ok, \"a\\0\"]}",
            "x: {groups: [\(String(repeating: "g", count: 65))]}",
            // the form
            "x: {groups: editors}", "x: {groups: {a: b}}", "x: {}", "x: []", "x: editors", "x: ~",
            "x: {group: [a]}", "x: {max_age: 1s}", "x: {groups: [a], for: 1s}",
        ]
    )
    func `what is no policy is refused with all that is allowed, and none of them is taken`(
        policy: String
    ) throws {
        let allowed = Setting.policies.allowed
        let why = try refusal(of: "policies:\n  good: {groups: [a]}\n  \(policy)")
        #expect(why == "FILE: policies must be \(allowed)")
        let error = #expect(throws: SettingsError.self) {
            try Settings(file: nil, environment: ["COATCHECK_POLICIES": "{\(policy)}"])
        }
        #expect(
            error == .badValue("COATCHECK_POLICIES", in: "the environment", allowed: allowed)
        )
    }

    @Test(
        arguments: [
            "policies:\n  x: {max-age: 1s}\n  x: {groups: [a]}",
            "policies:\n  x: {groups: [a], groups: [b]}",
            "policies: {x: {max-age: 1s}}\npolicies: {y: {max-age: 1s}}",
        ]
    )
    func `a name that is given twice is refused, not taken once`(text: String) throws {
        let why = try #require(try refusal(of: text))
        #expect(why.hasPrefix("FILE: "))
        #expect(why.contains("twice") || why.contains("duplicated"))
    }

    @Test(
        arguments: [
            "policies.x: {groups: [a]}", "policies.x.groups: [a]", "policies.x.max-age: 1s",
        ]
    )
    func `policies are written below their key, and not with dots`(text: String) throws {
        #expect(try refusal(of: text)?.hasPrefix("FILE: there is no setting policies.x") == true)
    }

    @Test func `lists of lists and deep nesting are refused`() throws {
        for text in ["policies: {x: {groups: [[a]]}}", "policies: {a: {b: {c: {d: {e: f}}}}}"] {
            #expect(try refusal(of: text)?.hasPrefix("FILE: policies ") == true)
        }
    }

    @Test func `no policies are none, and the environment replaces those of the file`() throws {
        for text in ["", "policies: {}"] {
            #expect(try settings(text)[.policies].custom.isEmpty)
        }
        let file = "policies: {x: {max-age: 1s}, y: {max-age: 1s}}"
        let environment = ["COATCHECK_POLICIES": "{z: {groups: [a]}}"]
        let read = try settings(file, environment: environment)[.policies]
        #expect(read.custom == ["z": AccessPolicy(groups: ["a"])])
        let empty = try settings(file, environment: ["COATCHECK_POLICIES": ""])[.policies]
        #expect(empty.custom.isEmpty)
    }

    @Test func `reading a dump gives the same policies, and each is explained`() throws {
        let first = try settings(
            "policies: {b: {groups: [x, y], max-age: 10m}, a: {max-age: 1s}, c: {groups: [z]}}"
        )
        #expect(try settings(first.dump)[.policies].custom == first[.policies].custom)
        #expect(
            first.policyExplanations == [
                "The policy a lets anybody who is logged in pass, at most 1 seconds after the "
                    + "password was proved.",
                "The policy b lets members of x or y pass, at most 600 seconds after the "
                    + "password was proved.",
                "The policy c lets members of z pass.",
            ]
        )
    }
}
