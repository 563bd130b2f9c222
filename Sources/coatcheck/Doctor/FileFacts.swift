import Glibc

/// What the file system says about a file, a folder or a socket.
package struct FileFacts: Hashable, Sendable {
    /// What it is.
    package enum Kind: Sendable { case file, folder, socket, other }

    /// Its path.
    package let path: String
    /// What it is.
    package let kind: Kind
    /// Its rights.
    package let mode: UInt32
    /// The number of its owner.
    package let owner: UInt32
    /// The number of its group.
    package let group: UInt32

    /// Creates facts.
    package init(path: String, kind: Kind, mode: UInt32, owner: UInt32, group: UInt32) {
        self.path = path
        self.kind = kind
        self.mode = mode
        self.owner = owner
        self.group = group
    }

    /// Looks at a path, through symbolic links; `nil` when nothing is there or it is out of reach.
    init?(at path: String) {
        var information = stat()
        guard unsafe stat(path, &information) == 0 else { return nil }
        let kind: Kind =
            switch information.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFSOCK: .socket
            default: .other
            }
        self.init(
            path: path,
            kind: kind,
            mode: information.st_mode & 0o7777,
            owner: information.st_uid,
            group: information.st_gid
        )
    }

    /// Every folder on the way to a path, the root first.
    static func folders(above path: String) -> [FileFacts] {
        var folders: [FileFacts] = []
        var folder = ""
        for name in path.split(separator: "/").dropLast() {
            folder += "/" + name
            if let facts = FileFacts(at: folder) { folders.append(facts) }
        }
        return folders
    }

    /// The rights in octal, as the settings write them.
    var octal: String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Whether somebody has all of some rights (4 read, 2 write, 1 enter), as access(2) decides.
    package func allows(_ rights: UInt32, to identity: Identity) -> Bool {
        if identity.user == 0 { return true }
        let shift: UInt32 =
            identity.user == owner ? 6 : identity.groups.contains(group) ? 3 : 0
        return mode >> shift & rights == rights
    }
}
