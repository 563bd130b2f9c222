internal import ArgumentParser
import Foundation

/// Where a command takes its settings from.
struct SettingsOptions: ParsableArguments {
    @Option(name: .long, help: "The settings file, in YAML.")
    var config: String?

    /// Reads the settings from the file and the environment.
    ///
    /// - Throws: the status 78, EX_CONFIG of sysexits.h, after it was said which key is wrong.
    func load() throws -> Settings {
        try load(config)
    }

    /// Reads them as `load` does, but from the installed file where none is named: commands beside
    /// the server work on its store without being told where that is.
    func loadForCommands() throws -> Settings {
        let installed = "/etc/coatcheck/coatcheck.yaml"
        let isThere = FileManager.default.isReadableFile(atPath: installed)
        return try load(config ?? (isThere ? installed : nil))
    }

    /// Reads them again while the server runs.
    func reload() throws(SettingsError) -> Settings {
        try Settings(
            file: config,
            credentials: ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"],
            environment: ProcessInfo.processInfo.environment
        )
    }

    private func load(_ file: String?) throws -> Settings {
        do throws(SettingsError) {
            return try Settings(
                file: file,
                credentials: ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"],
                environment: ProcessInfo.processInfo.environment
            )
        } catch {
            FileHandle.standardError.write(Data("Error: \(error)\n".utf8))
            throw ExitCode(78)
        }
    }
}

/// The end of a command, in words.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
