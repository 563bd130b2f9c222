import HTTP
import Testing

@Suite struct DeviceNameTests {
    @Test(arguments: [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
            "Firefox on Windows"
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
                + "Chrome/131.0.0.0 Mobile Safari/537.36", "Chrome on Android"
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
                + "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", "Safari on iPhone"
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
                + "(KHTML, like Gecko) CriOS/131.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 FxiOS/133.0 "
                + "Mobile/15E148 Safari/605.1.15", "Firefox on iPad"
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
                + "(KHTML, like Gecko) Version/18.1 Safari/605.1.15", "Safari on Mac"
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                + "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0", "Edge on Windows"
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) "
                + "SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android"
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
                + "HeadlessChrome/131.0.0.0 Safari/537.36", "Chrome on Linux"
        ),
        (
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) "
                + "Chrome/131.0.0.0 Safari/537.36", "Chrome on ChromeOS"
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
                + "Chrome/131.0.0.0 Safari/537.36 OPR/116.0.0.0", "Opera on Linux"
        ),
        ("curl/7.88.1", "curl"), ("Wget/1.21", "Wget"), ("python-requests/2.28", "Python"),
        ("Firefox/1", "Firefox"), ("Foo (Windows)", "Unknown browser on Windows"),
        ("", "Unknown device"), ("x", "Unknown device"), ("see curl/1", "Unknown device"),
        ("<script>alert(1)</script>", "Unknown device"), ("Firefox", "Unknown device"),
        ("Windows\0Firefox/1", "Unknown browser on Windows"), ("\0Firefox/1", "Unknown device"),
    ])
    func `a user agent is named in words a person uses`(userAgent: String, name: String) {
        #expect(deviceName(fromUserAgent: userAgent) == name)
    }

    @Test func `what stands behind 256 bytes is not looked at`() {
        let padding = String(repeating: " ", count: 256)
        #expect(deviceName(fromUserAgent: padding + "Firefox/1 Windows") == "Unknown device")
    }
}
