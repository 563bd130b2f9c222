/// The `Status:` line of CGI (RFC 3875 section 6.3.3) for each status that is in use.
enum StatusLine {
    /// Returns the line with its end; a status that has no line here is sent as 500.
    static func of(_ status: Int) -> StaticString {
        switch status {
        case 200: "Status: 200 OK\r\n"
        case 201: "Status: 201 Created\r\n"
        case 202: "Status: 202 Accepted\r\n"
        case 204: "Status: 204 No Content\r\n"
        case 301: "Status: 301 Moved Permanently\r\n"
        case 302: "Status: 302 Found\r\n"
        case 303: "Status: 303 See Other\r\n"
        case 304: "Status: 304 Not Modified\r\n"
        case 307: "Status: 307 Temporary Redirect\r\n"
        case 308: "Status: 308 Permanent Redirect\r\n"
        case 400: "Status: 400 Bad Request\r\n"
        case 401: "Status: 401 Unauthorized\r\n"
        case 403: "Status: 403 Forbidden\r\n"
        case 404: "Status: 404 Not Found\r\n"
        case 405: "Status: 405 Method Not Allowed\r\n"
        case 406: "Status: 406 Not Acceptable\r\n"
        case 409: "Status: 409 Conflict\r\n"
        case 410: "Status: 410 Gone\r\n"
        case 412: "Status: 412 Precondition Failed\r\n"
        case 413: "Status: 413 Content Too Large\r\n"
        case 415: "Status: 415 Unsupported Media Type\r\n"
        case 422: "Status: 422 Unprocessable Content\r\n"
        case 428: "Status: 428 Precondition Required\r\n"
        case 429: "Status: 429 Too Many Requests\r\n"
        case 501: "Status: 501 Not Implemented\r\n"
        case 503: "Status: 503 Service Unavailable\r\n"
        default: "Status: 500 Internal Server Error\r\n"
        }
    }
}
