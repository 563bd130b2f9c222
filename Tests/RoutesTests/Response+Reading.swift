import HTTP
import Testing

extension Response {
    /// The body as a text.
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The only value of a field.
    func value(of name: String) -> String? {
        let values = values(of: name)
        return values.count == 1 ? values[0] : nil
    }

    /// Where a redirect leads.
    var location: String? { value(of: "Location") }

    /// The names of the fields in their order.
    var fieldNames: [String] {
        String(decoding: fields, as: UTF8.self).split(separator: "\r\n")
            .map { line in String(line.prefix { $0 != ":" }) }
    }

    /// The only Set-Cookie but that of the known device.
    var sessionCookie: String? {
        let fields = values(of: "Set-Cookie").filter { field in
            let name = field.prefix { $0 != "=" }
            return !["device", "__Host-device", "__Secure-device"].contains(name)
        }
        return fields.count == 1 ? fields[0] : nil
    }

    /// The cookie that was set, as a browser sends it back: `name=value`.
    var cookie: String {
        get throws {
            let field = try #require(sessionCookie)
            return String(field.prefix { $0 != ";" })
        }
    }

    /// The body as JSON.
    var json: JSON {
        get throws { try JSON(parsing: body) }
    }

    /// The last part of a problem's type.
    var slug: String? {
        guard let value = try? JSON(parsing: body), case .string(let type) = value["type"],
            type.hasPrefix("urn:coatcheck:problem:")
        else { return nil }
        return String(type.dropFirst("urn:coatcheck:problem:".count))
    }

    /// The paths of a problem's issues in their order.
    var issuePaths: [String] {
        guard let value = try? JSON(parsing: body), case .array(let issues) = value["issues"]
        else { return [] }
        return issues.map { if case .string(let path) = $0["path"] { path } else { "?" } }
    }

    /// Whether it is a page.
    var isPage: Bool { value(of: "Content-Type") == "text/html; charset=utf-8" }

    /// Whether it is a problem in JSON.
    var isProblem: Bool { value(of: "Content-Type") == "application/problem+json; charset=utf-8" }

    /// Whether the body holds a text, byte for byte.
    ///
    /// `String` compares by grapheme clusters, browsers read code points: to `contains`, a `<`
    /// before a combining accent is no `<`.
    func holds(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard body.count >= wanted.count else { return false }
        return (0...body.count - wanted.count).contains { body[$0...].starts(with: wanted) }
    }
}

extension JSON {
    /// A member that is a text.
    func text(_ name: String) -> String? {
        if case .string(let text) = self[name] { text } else { nil }
    }
}
