/// Whether nginx reaches the socket, and whether nobody else does.
package struct SocketExamination: Examination {
    /// Where the settings say it is.
    package let path: String
    /// The rights that the settings give it.
    package let wantedMode: UInt32
    /// The socket, if something is there.
    package let socket: FileFacts?
    /// The folders on the way to it, the outermost first.
    package let folders: [FileFacts]
    /// As whom nginx runs; empty when none was seen.
    package let nginx: Set<Identity>

    /// Creates an examination from what was seen.
    package init(
        path: String,
        wantedMode: UInt32,
        socket: FileFacts?,
        folders: [FileFacts],
        nginx: Set<Identity>
    ) {
        self.path = path
        self.wantedMode = wantedMode
        self.socket = socket
        self.folders = folders
        self.nginx = nginx
    }

    /// Looks at the socket.
    static func look(at path: String, wantedMode: UInt32) -> SocketExamination {
        SocketExamination(
            path: path,
            wantedMode: wantedMode,
            socket: FileFacts(at: path),
            folders: FileFacts.folders(above: path),
            nginx: Identity.nginxWorkers()
        )
    }

    /// What to say about it, in the order of looking.
    package var findings: [Finding] {
        guard let socket else {
            return [
                .problem(
                    "socket: there is nothing at \(path)",
                    mend: "start Coatcheck: `systemctl start coatcheck.socket coatcheck.service`; "
                        + "ListenStream of coatcheck.socket and socket.path must be the same path"
                )
            ]
        }
        guard socket.kind == .socket else {
            return [
                .problem(
                    "socket: \(path) is no socket",
                    mend: "move it away, or correct socket.path, and restart Coatcheck"
                )
            ]
        }
        let findings = tooOpen(socket) + outOfReach(socket)
        guard findings.isEmpty else { return findings }
        return [
            .ok(
                "socket: \(path), \(Identity.userName(socket.owner)):"
                    + "\(Identity.groupName(socket.group)), mode \(socket.octal)"
                    + (nginx.isEmpty ? "" : ", nginx may connect")
            )
        ]
    }

    /// Whoever may connect may claim to be any visitor.
    private func tooOpen(_ socket: FileFacts) -> [Finding] {
        guard socket.mode & 0o002 != 0 else { return [] }
        return [
            .problem(
                "socket: everybody on this machine may connect to \(path) (mode \(socket.octal))",
                mend: "set socket.mode (or SocketMode of coatcheck.socket) to 0660, and its group "
                    + "to nginx's"
            )
        ]
    }

    private func outOfReach(_ socket: FileFacts) -> [Finding] {
        for folder in folders where !isFine(folder, 0o1) {
            return [
                .problem(
                    "socket: nginx cannot enter \(folder.path) (mode \(folder.octal), "
                        + "\(Identity.userName(folder.owner)):"
                        + "\(Identity.groupName(folder.group)))",
                    mend: "chmod 755 \(folder.path), or make it the folder of nginx's group"
                )
            ]
        }
        if nginx.isEmpty, socket.mode & 0o020 == 0, wantedMode & 0o020 != 0 {
            return [reachless(socket)]
        }
        return isFine(socket, 0o2) ? [] : [reachless(socket)]
    }

    private func reachless(_ socket: FileFacts) -> Finding {
        .problem(
            "socket: nginx may not connect to \(path): mode \(socket.octal), "
                + "\(Identity.userName(socket.owner)):\(Identity.groupName(socket.group))",
            mend: "set socket.mode to 0660 and socket.group to nginx's group (SocketMode and "
                + "SocketGroup of coatcheck.socket where systemd makes it), and restart it"
        )
    }

    /// Whether one nginx at least has the rights; unknown ones may have them.
    private func isFine(_ file: FileFacts, _ rights: UInt32) -> Bool {
        nginx.isEmpty || nginx.contains { file.allows(rights, to: $0) }
    }
}
