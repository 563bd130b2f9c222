import Foundation
import Glibc

/// Somebody whom the operating system gives rights to.
package struct Identity: Hashable, Sendable {
    /// The number of the user.
    package let user: UInt32
    /// The numbers of the groups.
    package let groups: Set<UInt32>

    /// Creates somebody.
    package init(user: UInt32, groups: Set<UInt32>) {
        self.user = user
        self.groups = groups
    }

    /// The owner of a file as a service runs: with the user's own group.
    init(ownerOf file: FileFacts) {
        var groups: Set<UInt32> = []
        if let entry = unsafe getpwuid(file.owner) {
            unsafe groups.insert(entry.pointee.pw_gid)
        }
        self.init(user: file.owner, groups: groups)
    }

    /// The name of a user, or its number.
    static func userName(_ number: UInt32) -> String {
        guard let entry = unsafe getpwuid(number) else { return "user \(number)" }
        return unsafe String(cString: entry.pointee.pw_name)
    }

    /// The name of a group, or its number.
    static func groupName(_ number: UInt32) -> String {
        guard let entry = unsafe getgrgid(number) else { return "group \(number)" }
        return unsafe String(cString: entry.pointee.gr_name)
    }

    /// As whom the nginx processes of this machine run, read from /proc (proc(5)).
    ///
    /// The master is left out where it has workers of another user: it passes no requests.
    static func nginxWorkers() -> Set<Identity> {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        var found: Set<Identity> = []
        for name in names where name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            guard let text = try? String(contentsOfFile: "/proc/\(name)/status", encoding: .utf8),
                let identity = Identity(nginxStatus: text)
            else { continue }
            found.insert(identity)
        }
        let workers = found.filter { $0.user != 0 }
        return workers.isEmpty ? found : workers
    }

    /// Reads /proc/PID/status; `nil` when it is not nginx's.
    package init?(nginxStatus text: String) {
        var fields: [Substring: [UInt32]] = [:]
        var isNginx = false
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let words = parts[1].split { $0 == "\t" || $0 == " " }
            if parts[0] == "Name" { isNginx = words == ["nginx"] }
            fields[parts[0]] = words.compactMap { UInt32($0) }
        }
        // Real, effective, saved, file system: the second decides.
        guard isNginx, let users = fields["Uid"], let groups = fields["Gid"],
            users.count == 4, groups.count == 4
        else { return nil }
        self.init(user: users[1], groups: Set(fields["Groups"] ?? []).union([groups[1]]))
    }
}
