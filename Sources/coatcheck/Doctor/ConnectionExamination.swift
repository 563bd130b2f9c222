/// Whether the site is reached from outside, and by a connection that can be trusted.
package struct ConnectionExamination: Examination {
    /// The site.
    package let site: SiteURL
    /// Why the first attempt failed; `nil` when it did not.
    package let failure: CurlFailure?
    /// Whether certificates were not verified, as was asked for.
    package let isInsecure: Bool

    /// Creates an examination from what was seen.
    package init(site: SiteURL, failure: CurlFailure?, isInsecure: Bool) {
        self.site = site
        self.failure = failure
        self.isInsecure = isInsecure
    }

    /// The statuses of curl that speak of the certificate: what was wrong with it could be
    /// ignored, and the rest of the site looked at.
    package static let certificateStatuses: Set<Int32> = [51, 60]

    /// What to say about it, in the order of looking.
    package var findings: [Finding] {
        guard case .failed(let status, let complaint) = failure else {
            guard site.isSecure else {
                return [
                    .warning(
                        "nginx: \(site.origin) is plain http: passwords travel in the clear",
                        mend: "serve it over https"
                    )
                ]
            }
            return isInsecure
                ? [.warning("nginx: the certificate was not verified (--insecure)")]
                : [.ok("nginx: TLS works and the certificate is trusted")]
        }
        return [
            .problem("nginx: \(Self.words(status)) (\(complaint))", mend: Self.mend(status))
        ]
    }

    private static func words(_ status: Int32) -> String {
        switch status {
        case 6: "the host's name is not known"
        case 7: "nobody listens there"
        case 28: "there is no answer in time"
        case 35: "TLS fails"
        case 51, 60: "browsers do not trust the certificate"
        case 52, 56: "the connection ends without an answer"
        default: "there is no usable answer"
        }
    }

    private static func mend(_ status: Int32) -> String {
        switch status {
        case 6: "correct --url, or the DNS entry of the host"
        case 7: "start nginx (`nginx -t`, `systemctl start nginx`); compare the port with `listen`"
        case 28: "look at the firewall, and at the load of nginx"
        case 35: "the port must be one with `listen … ssl`; see ssl_protocols and ssl_ciphers"
        case 51, 60:
            "install a certificate that is valid now and names this host, with its whole chain; "
                + "for one of your own signing give --insecure"
        default: "see nginx's error log"
        }
    }
}
