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
        do throws(InputError) {
            return try Fields(request)
        } catch {
            throw Problem(error)
        }
    }
}

extension Fields {
    /// Returns a text; a field of another type is a problem that names it.
    func text(_ name: String) throws(Problem) -> String? {
        do throws(InputError) {
            return try string(name)
        } catch {
            throw Problem(error)
        }
    }

    /// Returns a list of texts; a field of another type is a problem that names it.
    func texts(_ name: String) throws(Problem) -> [String]? {
        do throws(InputError) {
            return try list(name)
        } catch {
            throw Problem(error)
        }
    }

    /// Returns a number; a field of another type is a problem that names it.
    func number(_ name: String) throws(Problem) -> Int64? {
        do throws(InputError) {
            return try integer(name)
        } catch {
            throw Problem(error)
        }
    }

    /// Returns a yes or no, or neither; a field of another type is a problem that names it.
    func optionalIsSet(_ name: String) throws(Problem) -> Bool? {
        do throws(InputError) {
            return try optionalFlag(name)
        } catch {
            throw Problem(error)
        }
    }

    /// Returns a yes or no; a field of another type is a problem that names it.
    func isSet(_ name: String) throws(Problem) -> Bool {
        do throws(InputError) {
            return try flag(name)
        } catch {
            throw Problem(error)
        }
    }
}
