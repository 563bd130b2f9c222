import HTTP

/// The issues with which a reading was refused; `nil` when it was not, or for another reason.
func issues<Value>(of reading: () throws(InputError) -> Value) -> [InputIssue]? {
    do {
        _ = try reading()
        return nil
    } catch {
        guard case .invalid(let issues) = error else { return nil }
        return issues
    }
}

extension Response {
    /// The fields as text.
    var fieldText: String { String(decoding: fields, as: UTF8.self) }
    /// The body as text.
    var bodyText: String { String(decoding: body, as: UTF8.self) }
}
