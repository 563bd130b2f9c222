/// An error that a client is told about, in the terms of RFC 9457.
///
/// The sentence is for people and says nothing of how the server works (ASVS 16.5.1); the slug is
/// for programs and never changes.
package struct Problem: Error, Hashable {
    /// The last part of the type: `urn:coatcheck:problem:SLUG`.
    package let slug: String
    /// What kind of problem it is, the same for each slug.
    package let title: String
    /// The status code.
    package let status: Int
    /// One sentence for people: the member `error`.
    package var sentence: String
    /// What is wrong with which field.
    package var issues: [InputIssue] = []
    /// Which part of the server failed, for the operator.
    package var code: String?
    /// The seconds after which another try makes sense.
    package var retryAfter: Int?
    /// The methods that the path knows.
    package var allow: [Method]?

    init(_ status: Int, _ slug: String, _ title: String, _ sentence: String) {
        self.status = status
        self.slug = slug
        self.title = title
        self.sentence = sentence
    }

    /// Answers with `application/problem+json`, with `Retry-After` and `Allow` where they belong.
    package func json() -> Response {
        var members = [
            JSONMember(name: "type", value: .string("urn:coatcheck:problem:\(slug)")),
            JSONMember(name: "title", value: .string(title)),
            JSONMember(name: "status", value: .number(Double(status))),
            JSONMember(name: "error", value: .string(sentence)),
        ]
        if let code { members.append(JSONMember(name: "code", value: .string(code))) }
        if !issues.isEmpty {
            let issues = issues.map { issue -> JSON in
                ["path": .string(issue.path), "message": .string(issue.message)]
            }
            members.append(JSONMember(name: "issues", value: .array(issues)))
        }
        var response = Response(status: status)
        response.add("Content-Type", "application/problem+json; charset=utf-8")
        addFields(to: &response)
        response.body = JSON.object(members).serialized()
        return response
    }

    /// Adds `Retry-After` and `Allow` to an answer of another form, such as a page.
    package func addFields(to response: inout Response) {
        if let retryAfter { response.add("Retry-After", "\(retryAfter)") }
        if let allow {
            response.add("Allow", allow.map(\.token).joined(separator: ", "))
        }
    }
}
