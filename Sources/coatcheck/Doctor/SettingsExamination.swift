/// Whether the settings that are looked at are those of the server.
///
/// A mistake in them has ended the program before.
package struct SettingsExamination: Examination {
    /// The file that was given, or else that of an installed Coatcheck.
    package let file: FileFacts?

    /// Where `make install` puts the settings, and where the service reads them.
    package static let installedFile = "/etc/coatcheck/coatcheck.yaml"

    /// Creates an examination from what was seen.
    package init(file: FileFacts?) {
        self.file = file
    }

    /// Looks at the file of the settings in force.
    static func look(at path: String?) -> SettingsExamination {
        SettingsExamination(file: FileFacts(at: path ?? installedFile))
    }

    /// What to say about it, in the order of looking.
    package var findings: [Finding] {
        guard let file else {
            return [
                .warning(
                    "settings: no file was given, so these are the defaults and the environment",
                    mend: "--config FILE, with the file that the server is started with"
                )
            ]
        }
        guard file.mode & 0o002 == 0 else {
            return [
                .problem(
                    "settings: everybody on this machine may change \(file.path)",
                    mend: "chmod o-w \(file.path)"
                )
            ]
        }
        return [.ok("settings: \(file.path) can be used")]
    }
}
