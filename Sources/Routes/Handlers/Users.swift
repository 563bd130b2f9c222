internal import Accounts
internal import HTTP
internal import Sessions
internal import Telemetry

// The API for administrators. The pipeline lets nobody else in here.

extension Site {
    /// The most accounts of one page, and how many when nothing is said.
    private static let pageRange: ClosedRange<Int> = 1...200
    private static let pageSize = 50

    /// GET /users?q=…&after=…&limit=…: a page of accounts in the order of their names.
    func listUsers(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let page = try await requestedUsers(visit)
        return .json([
            "users": .array(page.users.map(JSON.account)),
            "next": JSON(page.cursor?.text),
        ])
    }

    /// The page of accounts that the query names.
    func requestedUsers(_ visit: Visit) async throws(Problem) -> UserPage {
        let request = visit.request
        var limit = Self.pageSize
        if let text = request.queryValue("limit") {
            guard let number = Int(text), Self.pageRange.contains(number) else {
                throw .invalidRequest([
                    InputIssue(
                        path: "limit",
                        message: "This must be a number from 1 to \(Self.pageRange.upperBound)."
                    )
                ])
            }
            limit = number
        }
        let text = request.queryValue("q") ?? ""
        let cursor = request.queryValue("after").map { NameKey(stored: $0) }
        // Nothing longer can be part of a name.
        guard text.utf8.count <= AccountName.maximumBytes,
            cursor.map({ $0.text.utf8.count <= AccountName.maximumBytes }) ?? true
        else { return UserPage(users: [], cursor: nil) }
        let size = limit
        return try await stored(during: "users") { () throws(StorageError) in
            try await accounts.users(matching: text, after: cursor, limit: size)
        }
    }

    /// POST /users {username or email, groups?}: an account without a password, and the link by
    /// which its owner sets one.
    func createUser(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let (user, link) = try await createUser(from: try visit.fields(), visit, live)
        var json = JSON.account(user)
        json.append("link", .link(link))
        return .json(json, status: 201)
    }

    func createUser(
        from fields: Fields,
        _ visit: Visit,
        _ live: LiveSession
    ) async throws(Problem) -> (User, SetPasswordLink) {
        let username = try fields.text("username")
        let email = try fields.text("email")
        let groups = try fields.groups() ?? []
        let user: User
        let secret: Ticket
        do throws(SignUpError) {
            (user, secret) = try await accounts.createWithLink(
                username: username,
                email: email,
                groups: groups,
                by: live.mandate(asAdministrator: true)
            )
        } catch .storage(.mandateEnded) {
            throw await mandateEnded(visit)
        } catch {
            throw problem(of: error, visit)
        }
        let actor = live.userID.text
        record(.userCreated(user: user.id.text, by: actor, from: visit.origin))
        return (user, link(secret, for: user, visit, live))
    }

    /// GET /users/{id}: one account.
    func showUser(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        .json(.account(try await user(of: visit)))
    }

    /// PATCH /users/{id} {groups?, disabled?, version?}: changes an account.
    ///
    /// With the `version` that was read, a change made meanwhile by somebody else is not
    /// overwritten: 409.
    func editUser(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let fields = try visit.fields()
        let edit = UserEdit(
            groups: try fields.groups()?.map(\.text),
            isDisabled: try fields.optionalIsSet("disabled")
        )
        let version = try fields.number("version")
        return .json(.account(try await self.edit(edit, ifVersion: version, visit, live)))
    }

    /// DELETE /users/{id}: deletes an account.
    func deleteUser(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        try await delete(visit, live)
        return Response(status: 204)
    }

    /// POST /users/{id}/link: a new link by which its owner sets a password.
    func makeUserLink(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let user = try await user(of: visit)
        return .json(.link(try await makeLink(for: user, visit, live)), status: 201)
    }

    /// GET /users/{id}/sessions: the live sessions of an account.
    func listUserSessions(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        let user = try await user(of: visit)
        return .json(try await sessionList(of: user.id, live))
    }

    /// DELETE /users/{id}/sessions: ends all sessions of an account (ASVS 7.4.5).
    func endUserSessions(_ visit: Visit, _ live: LiveSession) async throws(Problem) -> Response {
        try await endSessions(visit, live)
        return Response(status: 204)
    }
}

extension Fields {
    /// The groups, each checked; `nil` when the field is absent.
    func groups() throws(Problem) -> [GroupName]? {
        guard let texts = try texts("groups") else { return nil }
        guard texts.count <= GroupName.limit else {
            throw .invalidRequest([
                InputIssue(
                    path: "groups",
                    message: "An account is in at most \(GroupName.limit) groups."
                )
            ])
        }
        var groups: [GroupName] = []
        for text in texts {
            guard let group = GroupName(text) else {
                throw .invalidRequest([InputIssue(path: "groups", message: GroupName.rule)])
            }
            if !groups.contains(group) { groups.append(group) }
        }
        return groups
    }
}
