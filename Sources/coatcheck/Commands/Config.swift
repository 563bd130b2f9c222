internal import ArgumentParser

/// `coatcheck config`: looks at settings without starting anything.
struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check, print or explain the settings.",
        subcommands: [Check.self, Dump.self, Example.self, Table.self, Manual.self]
    )

    /// `coatcheck config check`: says whether the settings can be used.
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether the settings can be used, and what follows from them."
        )

        @OptionGroup var options: SettingsOptions

        func run() throws {
            let settings = try options.loadForCommands()
            print("The settings can be used.")
            print(settings.cookieExplanation)
            for sentence in settings.policyExplanations { print(sentence) }
            for examination in Engines.look(at: settings) {
                for finding in examination.findings { print(finding.lines) }
            }
            if settings[.siteURL].isEmpty {
                print("site.url is empty: links to set a password are shown without a host.")
            }
        }
    }

    /// `coatcheck config dump`: prints the settings in force.
    struct Dump: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the settings in force, as YAML."
        )

        @OptionGroup var options: SettingsOptions

        func run() throws {
            print(try options.loadForCommands().dump, terminator: "")
        }
    }

    /// `coatcheck config example`: prints a file of settings that explains itself.
    struct Example: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a commented settings file with the defaults."
        )

        func run() {
            print(SettingTable.example, terminator: "")
        }
    }

    /// `coatcheck config table`: prints the settings as the README shows them.
    struct Table: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the table of settings, as Markdown."
        )

        func run() {
            print(SettingTable.markdown, terminator: "")
        }
    }

    /// `coatcheck config manual`: prints the settings as the manual page shows them.
    struct Manual: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the list of settings, in mdoc for coatcheck.yaml(5)."
        )

        func run() {
            print(SettingTable.manual, terminator: "")
        }
    }
}
