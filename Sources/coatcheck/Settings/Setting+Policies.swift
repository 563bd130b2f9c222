internal import Accounts
internal import Routes

extension Setting where Value == AccessPolicies {
    /// Policies by name: the only setting that has settings within.
    static func policies(_ key: String, _ text: String) -> Setting {
        Setting(
            key: key,
            standard: .mapping([:]),
            allowed: "names of a-z, 0-9, _ and - but user and admin, each with groups (a list) "
                + "or max-age (a time such as 10m) or both",
            text: text,
            isSecret: false
        ) { raw in
            guard case .mapping(let members) = raw else { return nil }
            var policies: [String: AccessPolicy] = [:]
            for (name, value) in members {
                guard isName(name), let policy = policy(value) else { return nil }
                policies[name] = policy
            }
            return AccessPolicies(custom: policies)
        }
    }

    /// What nginx's location lets through as the name of a policy.
    private static func isName(_ name: String) -> Bool {
        AccessPolicies.builtIn[name] == nil && (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
    }

    private static func policy(_ raw: RawSetting) -> AccessPolicy? {
        guard case .mapping(let members) = raw, !members.isEmpty else { return nil }
        var groups: [String] = []
        var maxAge: Int64?
        for (name, value) in members {
            switch (name, value) {
            case ("groups", .list(let names)):
                // Nobody's group would be taken for no rule about groups: everybody would pass.
                guard !names.isEmpty, names.allSatisfy({ GroupName($0) != nil }) else { return nil }
                groups = names
            case ("max-age", .scalar(let text)):
                guard let seconds = Setting<Int64>.seconds(text), seconds > 0 else { return nil }
                maxAge = seconds
            default: return nil
            }
        }
        return AccessPolicy(groups: groups, maxAge: maxAge)
    }
}
