/// Whether nginx lets in who may come in, and nobody else.
package struct BoundaryExamination: Examination {
    /// The status of a login with a made-up name and password; counts as one failed try.
    package let login: Int
    /// The status of `/me` for a stranger who sends X-Auth-User.
    package let claim: Int
    /// The status of `/_coatcheck/user`, the check that is for nginx itself.
    package let check: Int
    /// The status of `/health/live` as it is reached from here.
    package let health: Int

    /// Creates an examination from what was seen.
    package init(login: Int, claim: Int, check: Int, health: Int) {
        self.login = login
        self.claim = claim
        self.check = check
        self.health = health
    }

    /// What to say about it, in the order of looking.
    package var findings: [Finding] {
        [loginFinding, claimFinding, checkFinding, healthFinding]
    }

    private var loginFinding: Finding {
        switch login {
        case 401: return .ok("login: a made-up name and password are refused (401)")
        case 429:
            return .warning(
                "login: too many failed tries came from this address (429)",
                mend: "wait; behind a proxy name it by set_real_ip_from, or all visitors share "
                    + "one address"
            )
        case 403:
            return .problem(
                "login: a login from the site's own page is taken for a foreign site's (403)",
                mend: "HTTP_HOST in coatcheck-params.conf must be $http_host, and a proxy in "
                    + "front must keep Host and speak https to nginx"
            )
        case 503:
            return .problem(
                "login: passwords cannot be checked now (503)",
                mend: "see storage above; under load raise password.queue or password.lanes"
            )
        case 200..<300:
            return .problem(
                "login: a made-up name and password get in (\(login))",
                mend: "what answers is not Coatcheck: take the site down and look at its locations"
            )
        default:
            return .problem(
                "login: a made-up name and password get \(login) in place of 401",
                mend: "see the log of Coatcheck and nginx's error log; no error_page or "
                    + "*_intercept_errors may change its answers"
            )
        }
    }

    private var claimFinding: Finding {
        claim == 401
            ? .ok("login: a client's own X-Auth-User makes nobody of it (401)")
            : .problem(
                "login: /me with a client's own X-Auth-User gives \(claim) in place of 401",
                mend: "use coatcheck-route.conf as it is, without the stock fastcgi_params"
            )
    }

    private var checkFinding: Finding {
        check == 404
            ? .ok("nginx: /_coatcheck/user is not reached from outside (404)")
            : .problem(
                "nginx: /_coatcheck/user gives \(check) to the outside in place of 404",
                mend: "include snippets/coatcheck-internal.conf as it is"
            )
    }

    private var healthFinding: Finding {
        switch health {
        case 200: .ok("nginx: /health answers this machine; nobody else is to get more than 403")
        default: .ok("nginx: /health is closed from here (\(health))")
        }
    }
}
