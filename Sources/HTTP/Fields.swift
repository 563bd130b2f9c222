/// The fields of a request's body, whether it is a form or a JSON object.
package struct Fields: Sendable {
    private let source: Source

    private enum Source {
        case nothing
        case form(Form)
        case object(JSON)
    }

    /// Reads the body in the form that `Content-Type` names.
    ///
    /// An empty body without a type has no fields.
    /// - Throws: ``InputError/tooLarge`` and ``InputError/truncated`` as the body was read;
    ///   ``InputError/unsupportedMediaType`` when the type is neither a form nor JSON, is missing,
    ///   breaks the grammar, repeats a parameter or names another character set than UTF-8;
    ///   ``InputError/invalid(_:)`` when the body does not keep to its type.
    package init(_ request: Request) throws(InputError) {
        let body: [UInt8]
        switch request.body {
        case .bytes(let bytes): body = bytes
        case .tooLarge: throw .tooLarge
        case .truncated: throw .truncated
        }
        guard let header = request.contentType else {
            guard body.isEmpty else { throw .unsupportedMediaType }
            source = .nothing
            return
        }
        guard let type = MediaType(header), type.isUTF8 else { throw .unsupportedMediaType }
        switch type.essence {
        case MediaType.form: source = .form(try Form(parsing: body))
        case MediaType.json:
            let value = try JSON(parsing: body)
            guard case .object = value else { throw .invalid("", "A JSON object was expected.") }
            source = .object(value)
        default: throw .unsupportedMediaType
        }
    }

    /// Returns a text; `nil` when the field is absent or null.
    ///
    /// - Throws: ``InputError/invalid(_:)`` when the field is of another JSON type or holds NUL.
    package func string(_ name: String) throws(InputError) -> String? {
        switch source {
        case .nothing: return nil
        case .form(let form): return form.value(name)
        case .object(let object):
            switch object[name] {
            case nil, .null: return nil
            case .string(let text):
                guard !text.utf8.contains(0) else { throw .invalid(name, PercentError.nul.message) }
                return text
            default: throw .invalid(name, "This must be a string.")
            }
        }
    }

    /// Returns a yes or no; an absent field, as of a checkbox that is not ticked, is no.
    ///
    /// - Throws: ``InputError/invalid(_:)`` when it is neither.
    package func flag(_ name: String) throws(InputError) -> Bool {
        switch source {
        case .nothing: return false
        case .form(let form):
            switch form.value(name) {
            case "on", "true", "1", "yes": return true
            case nil, "off", "false", "0", "no", "": return false
            default: throw .invalid(name, "This must be on or off.")
            }
        case .object(let object):
            switch object[name] {
            case nil, .null: return false
            case .bool(let flag): return flag
            default: throw .invalid(name, "This must be true or false.")
            }
        }
    }

    /// Returns a list of texts; `nil` when the field is absent or null.
    ///
    /// A form gives one text with commas or spaces between the parts.
    /// - Throws: ``InputError/invalid(_:)`` when it is of another JSON type or holds NUL.
    package func list(_ name: String) throws(InputError) -> [String]? {
        guard case .object(let object) = source else {
            return try string(name).map { text in
                text.split { $0 == " " || $0 == "," }.map(String.init)
            }
        }
        switch object[name] {
        case nil, .null: return nil
        case .array(let elements):
            var texts: [String] = []
            for element in elements {
                guard case .string(let text) = element, !text.utf8.contains(0) else {
                    throw .invalid(name, "This must be a list of strings.")
                }
                texts.append(text)
            }
            return texts
        default: throw .invalid(name, "This must be a list of strings.")
        }
    }

    /// Returns a whole number; `nil` when the field is absent, null or an empty field of a form.
    ///
    /// - Throws: ``InputError/invalid(_:)`` when it is none.
    package func integer(_ name: String) throws(InputError) -> Int64? {
        switch source {
        case .nothing: return nil
        case .form(let form):
            guard let text = form.value(name), !text.isEmpty else { return nil }
            guard let number = Int64(text) else { throw .invalid(name, "This must be a number.") }
            return number
        case .object(let object):
            switch object[name] {
            case nil, .null: return nil
            case .number(let value):
                guard let number = Int64(exactly: value) else {
                    throw .invalid(name, "This must be a whole number.")
                }
                return number
            default: throw .invalid(name, "This must be a whole number.")
            }
        }
    }

    /// Returns a yes or no; `nil` when the field is absent or null.
    ///
    /// - Throws: ``InputError/invalid(_:)`` when it is neither.
    package func optionalFlag(_ name: String) throws(InputError) -> Bool? {
        switch source {
        case .nothing: return nil
        case .form(let form): return form.value(name) == nil ? nil : try flag(name)
        case .object(let object):
            if let value = object[name], value != .null { return try flag(name) }
            return nil
        }
    }
}
