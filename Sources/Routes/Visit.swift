internal import HTTP
internal import Sessions
internal import Telemetry

/// A request on its way through the pipeline, with what has been found out about it.
struct Visit: Sendable {
    let request: Request
    /// The form in which the answer is wanted.
    let form: AnswerForm
    /// What stands at `{id}` in the path, as it was sent.
    let id: String?

    /// Begins a visit; a route that has one form only names it, but `/api` is always JSON.
    init(_ request: Request, form: AnswerForm? = nil, id: String? = nil) {
        self.request = request
        self.form = form ?? AnswerForm(for: request)
        self.id = id
    }

    /// The id in the path.
    ///
    /// - Throws: 404 when it is not the text of one.
    func publicID() throws(Problem) -> PublicID {
        guard let id = id.flatMap({ PublicID(text: $0) }) else { throw .notFound }
        return id
    }

    /// Where the request came from, for events.
    var origin: Event.Origin {
        Event.Origin(address: request.remoteAddress, requestID: request.requestID)
    }

    /// The device, as a session remembers it.
    var client: ClientDescription {
        ClientDescription(address: request.remoteAddress, userAgent: request.userAgent)
    }

    /// Refuses a body that did not arrive whole or is over the limit.
    func checkBody() throws(Problem) {
        switch request.body {
        case .bytes: return
        case .tooLarge: throw .bodyTooLarge
        case .truncated: throw Problem(.truncated)
        }
    }

    /// Reads the fields of the body.
    func fields() throws(Problem) -> Fields {
        try Problem.reading { () throws(InputError) in try Fields(request) }
    }
}

extension Problem {
    /// Turns what is wrong with an input into a problem.
    fileprivate static func reading<Value>(
        _ read: () throws(InputError) -> Value
    ) throws(Problem) -> Value {
        do throws(InputError) {
            return try read()
        } catch {
            throw Problem(error)
        }
    }
}

// A field of another type is a problem that names it.
extension Fields {
    /// Returns a text.
    func text(_ name: String) throws(Problem) -> String? {
        try Problem.reading { () throws(InputError) in try string(name) }
    }

    /// Returns a list of texts.
    func texts(_ name: String) throws(Problem) -> [String]? {
        try Problem.reading { () throws(InputError) in try list(name) }
    }

    /// Returns a number.
    func number(_ name: String) throws(Problem) -> Int64? {
        try Problem.reading { () throws(InputError) in try integer(name) }
    }

    /// Returns a yes or no, or neither.
    func optionalIsSet(_ name: String) throws(Problem) -> Bool? {
        try Problem.reading { () throws(InputError) in try optionalFlag(name) }
    }

    /// Returns a yes or no.
    func isSet(_ name: String) throws(Problem) -> Bool {
        try Problem.reading { () throws(InputError) in try flag(name) }
    }
}
