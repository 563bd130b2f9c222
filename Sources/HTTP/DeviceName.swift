internal import Glibc

/// Names the device behind a user agent in words a person uses, for example "Firefox on Windows".
///
/// It is a guess for a list of devices and decides nothing: a user agent says what it likes. Only
/// the first 256 bytes up to a NUL are looked at, and only words of the tables below come out.
package func deviceName(fromUserAgent userAgent: String) -> String {
    let agent = String(decoding: userAgent.utf8.prefix(Request.userAgentLimit), as: UTF8.self)
    return unsafe agent.withCString { agent in
        if let tool = tools.first(where: { unsafe $0.begins(agent) }) { return tool.name }
        let browser = browsers.first { unsafe $0.isIn(agent) }?.name
        let system = systems.first { unsafe $0.isIn(agent) }?.name
        switch (browser, system) {
        case (let browser?, let system?): return "\(browser) on \(system)"
        case (let browser?, nil): return browser
        case (nil, let system?): return "Unknown browser on \(system)"
        case (nil, nil): return "Unknown device"
        }
    }
}

/// A part of a user agent and what it tells.
private struct Sign {
    let mark: StaticString
    let name: String

    /// The mark as a text of C.
    private var text: UnsafePointer<CChar> {
        unsafe UnsafeRawPointer(mark.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    func begins(_ agent: UnsafePointer<CChar>) -> Bool {
        unsafe strncmp(agent, text, mark.utf8CodeUnitCount) == 0
    }

    func isIn(_ agent: UnsafePointer<CChar>) -> Bool {
        unsafe strstr(agent, text) != nil
    }
}

/// Programs that name themselves first.
private let tools = [
    Sign(mark: "curl/", name: "curl"),
    Sign(mark: "Wget/", name: "Wget"),
    Sign(mark: "HTTPie/", name: "HTTPie"),
    Sign(mark: "PostmanRuntime/", name: "Postman"),
    Sign(mark: "python-requests/", name: "Python"),
    Sign(mark: "Python-urllib/", name: "Python"),
    Sign(mark: "Go-http-client/", name: "Go program"),
    Sign(mark: "okhttp/", name: "Android app"),
]

/// Browsers, the ones that also carry the name of another first: every Chrome says Safari too.
private let browsers = [
    Sign(mark: "Edg/", name: "Edge"),
    Sign(mark: "EdgA/", name: "Edge"),
    Sign(mark: "EdgiOS/", name: "Edge"),
    Sign(mark: "OPR/", name: "Opera"),
    Sign(mark: "OPiOS/", name: "Opera"),
    Sign(mark: "Vivaldi/", name: "Vivaldi"),
    Sign(mark: "SamsungBrowser/", name: "Samsung Internet"),
    Sign(mark: "DuckDuckGo/", name: "DuckDuckGo"),
    Sign(mark: "FxiOS/", name: "Firefox"),
    Sign(mark: "Firefox/", name: "Firefox"),
    Sign(mark: "CriOS/", name: "Chrome"),
    Sign(mark: "Chromium/", name: "Chromium"),
    Sign(mark: "Chrome/", name: "Chrome"),
    Sign(mark: "Trident/", name: "Internet Explorer"),
    Sign(mark: "Safari/", name: "Safari"),
]

/// Systems, Android before the Linux it also names.
private let systems = [
    Sign(mark: "iPhone", name: "iPhone"),
    Sign(mark: "iPad", name: "iPad"),
    Sign(mark: "Android", name: "Android"),
    Sign(mark: "CrOS", name: "ChromeOS"),
    Sign(mark: "Windows", name: "Windows"),
    Sign(mark: "Macintosh", name: "Mac"),
    Sign(mark: "Linux", name: "Linux"),
]
