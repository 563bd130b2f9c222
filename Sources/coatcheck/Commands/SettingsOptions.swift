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
        do throws(SettingsError) {
            return try Settings(
                file: config,
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
