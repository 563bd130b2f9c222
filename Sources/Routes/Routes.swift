internal import HTTP

extension Site {
    /// Every route, its method, and in one word who may use it.
    static let router = Router([
        Route(.get, "/", .page(Site.home)),
        Route(.get, "/signup", .page(Site.showSignUp)),
        Route(.post, "/signup", .open(Site.signUp)),
        Route(.get, "/register", .page(Site.showSignUp)),
        Route(.post, "/register", .open(Site.signUp)),
        Route(.get, "/login", .page(Site.showLogin)),
        Route(.post, "/login", .open(Site.logIn)),
        Route(.post, "/logout", .open(Site.logOut)),
        Route(.delete, "/logout", .open(Site.logOut)),
        Route(.get, "/me", .session(Site.me), form: .json),
        Route(.get, "/account", .session(Site.account)),
        Route(.get, "/health/live", .open(Site.healthLive), form: .json),
        Route(.get, "/health/ready", .open(Site.healthReady), form: .json),
    ])
}
