import HTTP
import Routes

/// A whole request to the site, written as in HTTP: what it is answered by lets nobody in, leads
/// nowhere else, and is one answer.
///
/// Header fields are those that nginx sends on, and `mount`, `mode`, `policy` and `reason` as its
/// parameters. In the cookies ROOT and ADA stand for the live tickets of the administrator `root`
/// and of `ada`, and in the path for their ids.
func fuzzSite(_ bytes: [UInt8]) async throws {
    let scene = try await SiteScene.current()
    guard let input = WrittenRequest(bytes, scene) else { return }
    let request = input.request
    switch input.value("mode") {
    case "check":
        try await fuzzCheck(input, scene)
    case "login":
        try judge(scene.site.answerUnauthenticated(request, reason: input.value("reason")), request)
    case "denied":
        try judge(scene.site.answerForbidden(request, reason: input.value("reason")), request)
    default:
        let response = await scene.site.answer(request).response
        try judge(response, request)
        try judge(response, of: input, scene)
        if request.method?.isSafe != true, response.status < 400 { await scene.endUnlessWhole() }
    }
    for line in scene.events.take() {
        try promise(!line.dropLast().contains("\n"), "a line of the log: \(line)")
        try promise(!scene.tickets.contains { line.contains($0) }, "a ticket in the log")
    }
}

/// What every answer promises.
private func judge(_ response: Response, _ request: Request) throws {
    try promise((200..<500).contains(response.status), "status \(response.status)")
    let text = response.fields.split(separator: 0x0A, omittingEmptySubsequences: false)
    try promise(text.last?.isEmpty == true, "fields end with LF")
    for line in text.dropLast() {
        try promise(line.last == 0x0D, "fields end with CR LF")
        let value = line.dropLast()
        try promise(value.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, "no control")
        let name = value.prefix { $0 != UInt8(ascii: ":") }
        try promise(name.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !name.isEmpty, "a field's name")
    }
    for location in response.values(of: "Location") {
        let place = BrowserPlace(resolving: location)
        let allowed = ["https://site.example", "https://app.example.com"]
        try promise(allowed.contains(place.origin), "\(location) leads to \(place.origin)")
        try promise(!place.path.hasPrefix("//"), "\(location) is the path \(place.path)")
    }
    if response.status >= 400 {
        try promise(response.values(of: "Set-Cookie").isEmpty, "no cookie with an error")
    }
    let type = response.values(of: "Content-Type").first ?? ""
    if type.contains("json"), request.method != .head { _ = try JSON(parsing: response.body) }
    // No page of ours has an element whose name begins with "x".
    if type.contains("html") {
        let marks = zip(response.body, response.body.dropFirst())
        try promise(!marks.contains { $0 == (0x3C, 0x78) }, "markup of somebody else's")
    }
}

/// What an answer of a route promises besides.
private func judge(_ response: Response, of input: WrittenRequest, _ scene: SiteScene) throws {
    try promise(response.values(of: "Cache-Control") == ["no-store"], "no-store")
    let body = String(decoding: response.body, as: UTF8.self)
    try promise(!scene.tickets.contains { body.contains($0) }, "a ticket in a body")
    guard !input.hasLiveTicket(scene), response.status < 300 else { return }
    let path =
        input.request.path.hasPrefix("/api/")
        ? String(input.request.path.dropFirst(4)) : input.request.path
    let open = [
        "/", "/login", "/logout", "/signup", "/register", "/set-password", "/health/live",
        "/health/ready", "/metrics",
    ]
    try promise(open.contains(path), "\(path) without a session: \(response.status)")
}

/// nginx's question is answered with yes only to somebody with a live ticket, whose name it tells.
private func fuzzCheck(_ input: WrittenRequest, _ scene: SiteScene) async throws {
    let policy = input.value("policy")
    let question = CheckQuestion(
        policy: Array(policy.utf8).span,
        cookies: input.request.cookie.span,
        isMountedAtRoot: input.request.mount.isEmpty,
        of: scene.site
    )
    var answer = scene.site.answerAtOnce(question)
    if answer == nil { answer = await scene.site.answerFromStorage(question) }
    guard let answer else { return }
    try judge(answer, input.request)
    try promise([204, 401, 403].contains(answer.status), "status \(answer.status)")
    guard answer.status == 204 else {
        try promise(answer.values(of: "X-Auth-User").isEmpty, "a name with a refusal")
        return
    }
    let user = answer.values(of: "X-Auth-User")
    try promise(user == ["root"] || user == ["ada"], "who: \(user)")
    let ticket = user == ["root"] ? scene.root.ticket : scene.ada.ticket
    let cookies = String(decoding: input.request.cookie, as: UTF8.self)
    try promise(cookies.contains("session=\(ticket)") || cookies.contains(ticket), "a live ticket")
    try promise(policy == "user" || policy == "admin" && user == ["root"], "\(policy): \(user)")
}
