package import Accounts
internal import HTTP

/// How a file of accounts is written.
package enum ImportFormat: String, CaseIterable, Sendable {
    /// `name:hash` in each line, as Apache's `htpasswd` and nginx's `auth_basic_user_file` have it.
    case htpasswd
    /// A JSON object in each line.
    case jsonl

    /// Guesses the format of a file from one of its lines; `nil` when that is blank.
    init?(guessedFrom line: [UInt8]) {
        guard let first = line.first(where: { !ImportFormat.isBlank($0) }) else { return nil }
        self = first == UInt8(ascii: "{") ? .jsonl : .htpasswd
    }

    /// Reads a line; `nil` when it holds no account.
    ///
    /// - Throws: `ImportLineError`, in which nothing of the line is repeated.
    package func account(in line: [UInt8]) throws(ImportLineError) -> ForeignAccount? {
        guard !line.allSatisfy(ImportFormat.isBlank) else { return nil }
        guard let text = String(validating: line, as: UTF8.self) else { throw .notText }
        switch self {
        case .htpasswd: return try ImportFormat.htpasswdAccount(text)
        case .jsonl: return try ImportFormat.objectAccount(line)
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    /// Reads `name:hash` or `name:hash:comment`; lines that begin with `#` are comments.
    ///
    /// Source: nginx, ngx_http_auth_basic_module. No hash that is read here holds a colon.
    private static func htpasswdAccount(
        _ line: String
    ) throws(ImportLineError) -> ForeignAccount? {
        guard !line.hasPrefix("#") else { return nil }
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count > 1 else { throw .noColon }
        var account = ForeignAccount()
        account.username = String(parts[0])
        account.passwordHash = PasswordHash(text: String(parts[1]))
        return account
    }

    /// Reads `{"username", "email", "passwordHash", "groups", "disabled"}`; only one of the names
    /// must be there.
    private static func objectAccount(_ line: [UInt8]) throws(ImportLineError) -> ForeignAccount {
        let parsed: JSON
        do throws(InputError) {
            parsed = try JSON(parsing: line)
        } catch {
            throw .notJSON
        }
        guard case .object(let members) = parsed else { throw .notJSON }
        var account = ForeignAccount()
        for member in members {
            switch (member.name, member.value) {
            case (_, .null): continue
            case ("username", .string(let text)): account.username = text
            case ("email", .string(let text)): account.email = text
            case ("passwordHash", .string(let text)):
                account.passwordHash = PasswordHash(text: text)
            case ("disabled", .bool(let isDisabled)): account.isDisabled = isDisabled
            case ("groups", .array(let values)):
                for value in values {
                    guard case .string(let group) = value else { throw .wrongType("groups") }
                    account.groups.append(group)
                }
            case ("username", _), ("email", _), ("passwordHash", _), ("disabled", _),
                ("groups", _):
                throw .wrongType(member.name)
            default: throw .unknownMember
            }
        }
        return account
    }
}

/// Why a line holds no account.
package enum ImportLineError: Error, Hashable, Sendable {
    /// It is longer than `LineReader.maximumBytes`.
    case tooLong
    /// It is not UTF-8.
    case notText
    /// It has no colon between a name and a hash.
    case noColon
    /// It is no JSON object.
    case notJSON
    /// A member's value is of another type.
    case wrongType(String)
    /// There is a member that is not read, perhaps misspelt.
    case unknownMember

    /// What to tell whoever brings the file.
    package var sentence: String {
        switch self {
        case .tooLong: "The line is longer than \(LineReader.maximumBytes) bytes."
        case .notText: "The line is not UTF-8."
        case .noColon: "There is no colon between a name and a password hash."
        case .notJSON: "The line is not one JSON object."
        case .wrongType(let name): "The member \(name) is of the wrong type."
        case .unknownMember:
            "There is a member besides username, email, passwordHash, groups and disabled."
        }
    }
}
