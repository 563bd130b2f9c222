import Testing
import coatcheck

/// How the doctor judges files, the socket and the clock of the machine.
@Suite struct DoctorMachineTests {
    private let worker = Identity(user: 33, groups: [33])

    private func socket(_ mode: UInt32, owner: UInt32 = 500, group: UInt32 = 33) -> FileFacts {
        FileFacts(path: "/run/c/s", kind: .socket, mode: mode, owner: owner, group: group)
    }

    private func judged(
        _ socket: FileFacts?,
        folderMode: UInt32 = 0o755,
        nginx: Set<Identity>? = nil
    ) -> [Finding.Verdict] {
        let folder = FileFacts(path: "/run/c", kind: .folder, mode: folderMode, owner: 0, group: 0)
        return SocketExamination(
            path: "/run/c/s",
            wantedMode: 0o660,
            socket: socket,
            folders: [folder],
            nginx: nginx ?? [worker]
        ).findings.map(\.verdict)
    }

    // MARK: Rights

    /// The first of owner, group and others that fits decides, as path_resolution(7) has it.
    @Test func `rights are those of access(2)`() {
        let file = FileFacts(path: "/f", kind: .file, mode: 0o264, owner: 1, group: 2)
        #expect(file.allows(2, to: Identity(user: 1, groups: [2])))
        #expect(!file.allows(4, to: Identity(user: 1, groups: [2])))
        #expect(file.allows(6, to: Identity(user: 3, groups: [9, 2])))
        #expect(file.allows(4, to: worker))
        #expect(!file.allows(2, to: worker))
        #expect(file.allows(7, to: Identity(user: 0, groups: [])))
    }

    @Test func `the user of nginx is read from proc`() {
        let text = "Name:\tnginx\nUid:\t0\t33\t33\t33\nGid:\t33\t34\t33\t33\nGroups:\t4 33 \n"
        #expect(Identity(nginxStatus: text) == Identity(user: 33, groups: [4, 33, 34]))
        #expect(Identity(nginxStatus: text.replacing("nginx", with: "sh")) == nil)
        #expect(Identity(nginxStatus: "Name:\tnginx\nUid:\t0\n") == nil)
        #expect(Identity(nginxStatus: "") == nil)
    }

    // MARK: Socket

    @Test func `a socket that nginx reaches and others do not is fine`() {
        #expect(judged(socket(0o660)) == [.ok])
        #expect(judged(socket(0o600, owner: 33)) == [.ok])
        #expect(judged(socket(0o660), nginx: []) == [.ok])
    }

    @Test func `a socket that is missing, no socket, too open or out of reach is a problem`() {
        #expect(judged(nil) == [.problem])
        let file = FileFacts(path: "/run/c/s", kind: .file, mode: 0o660, owner: 0, group: 33)
        #expect(judged(file) == [.problem])
        #expect(judged(socket(0o666)) == [.problem])
        #expect(judged(socket(0o662)) == [.problem])
        #expect(judged(socket(0o600)) == [.problem])
        #expect(judged(socket(0o640)) == [.problem])
        #expect(judged(socket(0o660, group: 7)) == [.problem])
        #expect(judged(socket(0o660), folderMode: 0o700) == [.problem])
        #expect(judged(socket(0o600), nginx: []) == [.problem])
    }

    // MARK: Coatcheck

    @Test func `every outcome over the socket has its verdict`() {
        let verdicts = { (ready: AnswerExamination.Outcome, check: AnswerExamination.Outcome) in
            AnswerExamination(ready: ready, check: check).findings.map(\.verdict)
        }
        #expect(verdicts(.success(200), .success(401)) == [.ok, .ok])
        #expect(verdicts(.success(503), .success(503)) == [.problem])
        for status in [200, 204, 403, 404, 500] {
            #expect(verdicts(.success(200), .success(status)) == [.ok, .problem])
        }
        for failure in [.refused(111), .refused(13), .refused(5), .silent, .malformed]
            as [FastCGIFailure]
        {
            #expect(verdicts(.failure(failure), .failure(failure)) == [.problem])
        }
    }

    // MARK: Storage

    private func storage(
        mode: UInt32 = 0o600,
        owner: UInt32 = 500,
        journalOwner: UInt32 = 500,
        isFolderWritable: Bool = true,
        free: UInt64 = 1 << 40,
        opening: StorageExamination.Opening = .opened(fault: nil, isCurrent: true)
    ) -> [Finding.Verdict] {
        StorageExamination(
            path: "/d/c",
            folder: FileFacts(path: "/d", kind: .folder, mode: 0o700, owner: 500, group: 500),
            files: [
                FileFacts(path: "/d/c", kind: .file, mode: mode, owner: owner, group: 500),
                FileFacts(
                    path: "/d/c-wal",
                    kind: .file,
                    mode: 0o600,
                    owner: journalOwner,
                    group: 500
                ),
            ],
            isFolderWritable: isFolderWritable,
            freeBytes: free,
            opening: opening
        ).findings.map(\.verdict)
    }

    @Test func `a private, sound database with room is fine`() {
        #expect(storage() == [.ok, .ok, .ok])
    }

    @Test func `each fault of the database is one problem`() {
        #expect(storage(mode: 0o644) == [.ok, .problem, .ok])
        #expect(storage(journalOwner: 0) == [.ok, .problem, .ok])
        #expect(storage(owner: 0, journalOwner: 0) == [.ok, .problem, .ok])
        #expect(storage(isFolderWritable: false) == [.ok, .problem, .ok])
        #expect(storage(free: 1000) == [.ok, .ok, .problem])
        #expect(storage(free: 100 << 20) == [.ok, .ok, .warning])
        #expect(storage(opening: .opened(fault: "x", isCurrent: true)) == [.problem, .ok, .ok])
        #expect(storage(opening: .opened(fault: nil, isCurrent: false)) == [.warning, .ok, .ok])
        for code in ["locked", "corrupt", "schema", "full", "io"] {
            #expect(storage(opening: .failed(code: code, detail: "")) == [.problem, .ok, .ok])
        }
    }

    @Test func `what is missing or out of reach is one problem`() {
        let folder = FileFacts(path: "/d", kind: .folder, mode: 0o700, owner: 500, group: 500)
        let texts = [(nil, nil), (folder, nil), (folder, .outOfReach)].map {
            (folder: FileFacts?, opening: StorageExamination.Opening?) in
            let findings = StorageExamination(
                path: "/d/c",
                folder: folder,
                files: [],
                isFolderWritable: false,
                freeBytes: nil,
                opening: opening
            ).findings
            #expect(findings.map(\.verdict) == [.problem])
            return findings.first?.text
        }
        #expect(Set(texts).count == 3)
    }

    // MARK: Clock

    private let now: Int64 = 1_800_000_000

    private func clock(_ now: Int64, newest: Int64? = nil, date: String? = nil) -> [Finding.Verdict]
    {
        ClockExamination(now: now, newest: newest, date: date).findings.map(\.verdict)
    }

    @Test func `a clock that agrees is fine`() {
        #expect(clock(now) == [.ok])
        #expect(clock(now, newest: now + 30, date: "Fri, 15 Jan 2027 08:00:30 GMT") == [.ok])
        #expect(clock(now, newest: .min) == [.ok])
    }

    @Test func `a clock that cannot be right is a problem`() {
        #expect(clock(1_700_000_000) == [.problem])
        #expect(clock(now, newest: now + 31) == [.problem])
        #expect(clock(now, newest: .max) == [.problem])
        #expect(clock(now, date: "Fri, 15 Jan 2027 08:00:31 GMT") == [.problem])
        #expect(clock(now, date: "Fri, 15 Jan 2027 07:59:29 GMT") == [.problem])
        #expect(clock(now, date: "yesterday") == [.warning])
    }

    // MARK: Settings and lines

    @Test func `settings that anybody may change are a problem`() {
        let verdicts = { (mode: UInt32) in
            SettingsExamination(
                file: FileFacts(path: "/c", kind: .file, mode: mode, owner: 0, group: 0)
            ).findings.map(\.verdict)
        }
        #expect(verdicts(0o644) == [.ok])
        #expect(verdicts(0o646) == [.problem])
        let none = SettingsExamination(file: nil).findings
        #expect(none.map(\.verdict) == [.warning])
    }

    @Test func `a finding cannot write more than its lines`() {
        let finding = Finding.problem("a\nok b\u{1B}[2J\u{202E}c", mend: "d\r\ne")
        #expect(finding.lines == "problem  a?ok b?[2J?c\n         mend: d??e")
        #expect(Finding.ok("fine").lines == "ok       fine")
        #expect(Finding.ok(String(repeating: "x", count: 10_000)).lines.count < 600)
    }
}
