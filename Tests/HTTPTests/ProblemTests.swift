import HTTP
import Testing

@Suite struct ProblemTests {
    @Test(arguments: [
        (Problem.invalidRequest([]), "invalid-request", 400),
        (.invalidCredentials, "invalid-credentials", 401),
        (.authenticationRequired, "authentication-required", 401),
        (.crossOrigin, "cross-origin", 403), (.forbidden(), "forbidden", 403),
        (.notFound, "not-found", 404), (.methodNotAllowed([.get]), "method-not-allowed", 405),
        (.usernameTaken, "username-taken", 409), (.bodyTooLarge, "body-too-large", 413),
        (.unsupportedMediaType, "unsupported-media-type", 415),
        (.tooManyRequests(retryAfter: 30), "too-many-requests", 429), (.busy(), "busy", 503),
        (.storageUnavailable(code: "locked"), "storage-unavailable", 503),
    ])
    func `RFC 9457: type, title, status and error are always there`(
        problem: Problem,
        slug: String,
        status: Int
    ) throws {
        let response = problem.json()
        #expect(response.status == status)
        #expect(
            response.values(of: "content-type") == ["application/problem+json; charset=utf-8"]
        )
        let body = try JSON(parsing: response.body)
        #expect(body["type"] == .string("urn:coatcheck:problem:\(slug)"))
        #expect(body["title"] == .string(problem.title))
        #expect(body["status"] == .number(Double(status)))
        #expect(body["error"] == .string(problem.sentence))
        #expect(!problem.title.isEmpty && problem.sentence.hasSuffix("."))
    }

    @Test func `issues name the field and say what is wrong`() {
        let problem = Problem.invalidRequest([
            InputIssue(path: "password", message: "Too \"short\".")
        ])
        #expect(
            problem.json().bodyText
                == #"{"type":"urn:coatcheck:problem:invalid-request","title":"Invalid request","#
                + #""status":400,"error":"Too \"short\".","#
                + #""issues":[{"path":"password","message":"Too \"short\"."}]}"#
        )
    }

    @Test func `405 carries Allow, 429 and 503 carry Retry-After`() {
        #expect(
            Problem.methodNotAllowed([.get, .head, .post]).json().values(of: "allow")
                == ["GET, HEAD, POST"]
        )
        #expect(
            Problem.tooManyRequests(retryAfter: 30).json().values(of: "retry-after") == ["30"]
        )
        #expect(Problem.busy(retryAfter: 2).json().values(of: "retry-after") == ["2"])
        #expect(
            Problem.storageUnavailable(code: "full").json().values(of: "retry-after") == ["5"]
        )
        #expect(Problem.notFound.json().values(of: "retry-after").isEmpty)
        #expect(Problem.notFound.json().values(of: "allow").isEmpty)
    }

    @Test func `a failed storage says its code and an absent group its name`() throws {
        let storage = try JSON(
            parsing: Problem.storageUnavailable(code: "read-only").json().body
        )
        #expect(storage["code"] == "read-only")
        let forbidden = try JSON(parsing: Problem.forbidden(missing: ["admin"]).json().body)
        #expect(forbidden["error"] == "This needs membership in the group admin.")
    }

    @Test(arguments: [
        (InputError.tooLarge, 413, "body-too-large"),
        (.unsupportedMediaType, 415, "unsupported-media-type"),
        (.truncated, 400, "invalid-request"),
        (.invalid([InputIssue(path: "a", message: "b")]), 400, "invalid-request"),
    ])
    func `an input error becomes its problem`(error: InputError, status: Int, slug: String) {
        let problem = Problem(error)
        #expect(problem.status == status)
        #expect(problem.slug == slug)
        #expect(slug != "invalid-request" || problem.issues.count == 1)
    }
}
