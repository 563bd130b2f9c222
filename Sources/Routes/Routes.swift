internal import HTTP

extension Site {
    /// Every route, its method, and in one word who may use it.
    ///
    /// `page` and `open`: anybody. `session`: people with a live session. `fresh`: those who have
    /// proved the password lately. `administrator`: members of the group `admin`, who need a fresh
    /// proof for everything but reading as JSON.
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

        // My account
        Route(.get, "/me", .session(Site.me), form: .json),
        Route(.get, "/account", .session(Site.account)),
        Route(.delete, "/account", .fresh(Site.deleteAccount)),
        Route(.get, "/account/data", .session(Site.accountData), form: .json),
        Route(.get, "/account/delete", .fresh(Site.showDeletion), form: .page),
        Route(.post, "/account/delete", .fresh(Site.confirmDeletion)),
        Route(.get, "/sessions", .session(Site.listSessions)),
        Route(.delete, "/sessions", .fresh(Site.endOtherSessions)),
        Route(.post, "/sessions/end-others", .fresh(Site.endOtherSessions)),
        Route(.delete, "/sessions/{id}", .fresh(Site.endSession)),
        Route(.post, "/sessions/{id}/end", .fresh(Site.endSession)),
        Route(.post, "/password", .session(Site.changePassword)),
        Route(.get, "/reauthenticate", .session(Site.showReauthentication), form: .page),
        Route(.post, "/reauthenticate", .session(Site.reauthenticate)),
        Route(.get, "/set-password", .page(Site.showSetPassword)),
        Route(.post, "/set-password", .open(Site.setPassword)),

        // Administration
        Route(.get, "/users", .administrator(Site.listUsers), form: .json),
        Route(.post, "/users", .administrator(Site.createUser), form: .json),
        Route(.get, "/users/{id}", .administrator(Site.showUser), form: .json),
        Route(.patch, "/users/{id}", .administrator(Site.editUser), form: .json),
        Route(.delete, "/users/{id}", .administrator(Site.deleteUser), form: .json),
        Route(.post, "/users/{id}/link", .administrator(Site.makeUserLink), form: .json),
        Route(.get, "/users/{id}/sessions", .administrator(Site.listUserSessions), form: .json),
        Route(.delete, "/users/{id}/sessions", .administrator(Site.endUserSessions), form: .json),
        Route(.get, "/admin", .administrator(Site.adminList), form: .page),
        Route(.post, "/admin/users", .administrator(Site.adminCreate), form: .page),
        Route(.get, "/admin/users/{id}", .administrator(Site.adminUser), form: .page),
        Route(.post, "/admin/users/{id}/groups", .administrator(Site.adminGroups), form: .page),
        Route(.post, "/admin/users/{id}/disable", .administrator(Site.adminDisable), form: .page),
        Route(.post, "/admin/users/{id}/enable", .administrator(Site.adminEnable), form: .page),
        Route(
            .post,
            "/admin/users/{id}/sessions/end",
            .administrator(Site.adminEndSessions),
            form: .page
        ),
        Route(.post, "/admin/users/{id}/link", .administrator(Site.adminLink), form: .page),
        Route(.post, "/admin/users/{id}/delete", .administrator(Site.adminDelete), form: .page),

        // For the operator; nginx says from where
        Route(.get, "/health/live", .open(Site.healthLive), form: .json),
        Route(.get, "/health/ready", .open(Site.healthReady), form: .json),
        Route(.get, "/metrics", .open(Site.metrics), form: .json),
    ])
}
