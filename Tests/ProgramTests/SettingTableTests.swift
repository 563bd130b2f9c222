import Testing
import coatcheck

/// The one table of settings and what is made from it.
@Suite struct SettingTableTests {
    @Test(arguments: SettingTable.all.map(\.key))
    func `every default is accepted by its own parser, in a file and in the environment`(
        key: String
    ) throws {
        let setting = try #require(SettingTable.all.first { $0.key == key })
        #expect(setting.accepts(setting.standard))
        let plain = try Settings(file: nil, environment: [:]).dump
        #expect(try settings("\(key): \(setting.standard.yaml)").dump == plain)
        if case .scalar(let text) = setting.standard {
            let environment = [setting.variable: text]
            #expect(try Settings(file: nil, environment: environment).dump == plain)
        }
    }

    @Test func `keys and variables are each other's and stand once`() {
        let keys = SettingTable.all.map(\.key)
        let variables = SettingTable.all.map(\.variable)
        #expect(Set(keys).count == keys.count)
        #expect(Set(variables).count == variables.count)
        for (key, variable) in zip(keys, variables) {
            #expect(key.wholeMatch(of: #/[a-z]+(?:[.-][a-z]+)*/#) != nil)
            let name = key.uppercased().split { ".-".contains($0) }.joined(separator: "_")
            #expect(variable == "COATCHECK_\(name)")
        }
        // No key is a group of others: it could not be nested.
        for key in keys { #expect(!keys.contains { $0.hasPrefix("\(key).") }) }
    }

    @Test func `the contract's keys have the contract's defaults`() {
        let defaults = Dictionary(
            uniqueKeysWithValues: SettingTable.all.map { ($0.key, $0.standard) }
        )
        let contract: [(String, String)] = [
            ("socket.path", "/run/coatcheck/fcgi.sock"), ("socket.mode", "0660"),
            ("socket.group", ""), ("workers", "16"),
            ("storage.path", "/var/lib/coatcheck/coatcheck.db"), ("cookie.name", "session"),
            ("cookie.secure", "true"), ("cookie.path", ""), ("session.absolute", "24h"),
            ("session.idle", "8h"), ("session.remember-absolute", "30d"),
            ("session.remember-idle", "14d"), ("session.per-account", "100"),
            ("password.minimum", "8"), ("password.memory", "19456"), ("password.passes", "2"),
            ("password.lanes", "2"), ("log.level", "info"), ("stop.deadline", "10s"),
        ]
        for (key, value) in contract { #expect(defaults[key] == .scalar(value), "\(key)") }
        #expect(defaults["next.hosts"] == .list([]))
    }

    @Test func `the example says the defaults, as it is and with every line in force`() throws {
        let plain = try Settings(file: nil, environment: [:]).dump
        let example = SettingTable.example
        #expect(try settings(example).dump == plain)
        let lines = example.split(separator: "\n", omittingEmptySubsequences: false)
        let inForce = lines.map { $0.hasPrefix("#") && !$0.hasPrefix("# ") ? $0.dropFirst() : $0 }
        let keys = inForce.compactMap { line in
            line.hasPrefix("#") ? nil : line.split(separator: ":").first.map { String($0) }
        }
        #expect(keys == SettingTable.all.map(\.key))
        #expect(try settings(inForce.joined(separator: "\n")).dump == plain)
        #expect(lines.allSatisfy { $0.utf8.count < 200 })
    }

    @Test func `the dump has every key in the order of the table`() throws {
        let dump = try Settings(file: nil, environment: [:]).dump
        let keys = dump.split(separator: "\n").map { String($0.prefix { $0 != ":" }) }
        #expect(keys == SettingTable.all.map(\.key))
    }

    @Test func `the table in Markdown has a whole row for every key`() {
        let rows = SettingTable.markdown.split(separator: "\n").dropFirst(2)
        #expect(rows.count == SettingTable.all.count)
        for (row, setting) in zip(rows, SettingTable.all) {
            #expect(row.hasPrefix("| `\(setting.key)` | `\(setting.standard.yaml)` | "))
            #expect(row.count { $0 == "|" } == 5)
        }
    }

    @Test func `the README has the table`() throws {
        let readme = try repositoryFile("README.md")
        let start = try #require(readme.firstRange(of: "<!-- settings -->\n")?.upperBound)
        let rest = readme[start...]
        let end = try #require(rest.firstRange(of: "<!-- /settings -->")?.lowerBound)
        let table = String(rest[..<end])
        #expect(table == SettingTable.markdown, "`coatcheck config table` prints the new one")
    }

    @Test func `deploy has the example`() throws {
        let file = try repositoryFile("deploy/coatcheck.yaml")
        #expect(file == SettingTable.example, "`coatcheck config example` prints the new one")
    }

    @Test func `the manual has an item for every setting, and no line is taken for a request`() {
        let lines = SettingTable.manual.split(separator: "\n")
        let keys = lines.filter { $0.hasPrefix(".It Ic ") }.map { $0.dropFirst(7) }
        #expect(keys.map { $0.filter { $0 != "\\" } } == SettingTable.all.map(\.key))
        let requests: Set<Substring> = [".It", ".Pp", ".Ev", ".Ql"]
        for line in lines where line.hasPrefix(".") || line.hasPrefix("'") {
            #expect(requests.contains(line.prefix { $0 != " " }))
        }
    }
}
