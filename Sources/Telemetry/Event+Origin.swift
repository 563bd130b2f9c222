extension Event {
    /// Where a request came from.
    package struct Origin: Hashable, Sendable {
        /// The address, as nginx's REMOTE_ADDR said; `console` for the command line.
        package let address: String
        /// nginx's id of the request, which its own log can show too; empty when there is none.
        package let requestID: String
        /// Who used the command line, as `by` names them; `nil` for a request.
        package let console: String?

        /// Describes where a request came from.
        package init(address: String, requestID: String) {
            self.address = address
            self.requestID = requestID
            self.console = nil
        }

        private init(console user: String) {
            self.address = "console"
            self.requestID = ""
            self.console = "console:\(user)"
        }

        /// Describes the command line, used by the operating system's user of that name.
        ///
        /// An event from there that names nobody in `by` is written with `by=console:NAME`.
        package static func console(user: String) -> Origin { Origin(console: user) }
    }
}
