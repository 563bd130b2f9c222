import Sessions
import Testing

@testable import coatcheck

@Suite struct EngineExaminationTests {
    @Test func `an engine that answers is well, and what is doubtful about it is said`() {
        let examination = EngineExamination(setting: "sessions.url") {
            () throws(StorageError) in ("Redis 7.0.15", ["appendonly is no."])
        }
        #expect(
            examination.findings == [
                .ok("sessions.url: Redis 7.0.15 answers"),
                .warning("sessions.url: appendonly is no."),
            ]
        )
        #expect(examination.warnings == ["appendonly is no."])
    }

    @Test(arguments: [
        "denied", "read-only", "schema", "settings", "not-built", "unreachable", "timeout",
    ])
    func `one that cannot be used is a problem, with the reason and a mend`(code: String) throws {
        let examination = EngineExamination(setting: "storage.url") {
            () throws(StorageError) in throw .unavailable(code: code, detail: "28P01")
        }
        let finding = try #require(examination.findings.first)
        #expect(examination.findings.count == 1 && examination.warnings.isEmpty)
        #expect(finding.verdict == .problem)
        #expect(finding.text == "storage.url: cannot be used: \(code) (28P01)")
        #expect(finding.mend?.isEmpty == false)
    }
}
