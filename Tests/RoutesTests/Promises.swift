import HTTP
import Testing

/// Expects of an answer what every answer promises, whatever was asked.
///
/// - It is not stored by anybody (ASVS 14.3.2).
/// - A body names its type and character set (ASVS 4.1.1); HEAD, 204 and 303 have none.
/// - No error gives or takes a cookie.
/// - 405 says which methods there are; 429 and 503 say when to come back.
/// - The password is not in it.
func expectPromises(
    of response: Response,
    to request: Request,
    sourceLocation: SourceLocation
) {
    let what = Comment(rawValue: "\(request.method.map(\.token) ?? "?") \(request.path)")
    func expect(_ isKept: Bool, _ promise: String) {
        #expect(isKept, "\(what): \(promise)", sourceLocation: sourceLocation)
    }
    let types = response.values(of: "Content-Type")
    expect(response.values(of: "Cache-Control") == ["no-store"], "no-store, once")
    expect(types.allSatisfy { $0.hasSuffix("; charset=utf-8") }, "a character set")
    if request.method == .head {
        expect(response.body.isEmpty, "HEAD has no body")
    } else if response.status == 204 || response.status == 303 {
        expect(response.body.isEmpty && types.isEmpty, "neither body nor type")
    } else {
        expect(!response.body.isEmpty && types.count == 1, "a body and one type")
    }
    if response.status >= 400 {
        expect(response.values(of: "Set-Cookie").isEmpty, "no cookie with an error")
    } else {
        let names = response.values(of: "Set-Cookie").map { $0.prefix { $0 != "=" } }
        expect(Set(names).count == names.count, "no cookie twice (RFC 6265bis 4.1.1)")
    }
    expect(response.values(of: "Allow").count == (response.status == 405 ? 1 : 0), "Allow")
    let isWaiting = response.status == 503 || response.status == 429
    expect(response.values(of: "Retry-After").count == (isWaiting ? 1 : 0), "Retry-After")
    expect(response.values(of: "Location").count == (response.status == 303 ? 1 : 0), "Location")
    expect(!response.text.contains(Counter.password), "no password")
}
