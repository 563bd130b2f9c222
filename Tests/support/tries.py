"""Requests in HTTP/1.1 that try to be read in two ways, as tables of texts.

In them {p} is a guarded place, {tail} the place without its first character, {h} the right Host,
{g} a whole request for the place as it would be smuggled, and {c} the last header lines:
"Connection: close" and perhaps a cookie.
"""

from __future__ import annotations

FORGED = (
    "X-Auth-User: mallory\r\nX-Auth-Id: mallory\r\nX-Auth-Groups: admin\r\nX-Auth-Session: m\r\n"
    "X_Auth_User: mallory\r\nX-Auth_User: mallory\r\nx-auth-user: mallory\r\n"
    "X.Auth.User: mallory\r\nRemote-User: mallory\r\nREMOTE_USER: mallory\r\n"
    "X-Remote-User: mallory\r\nX-Forwarded-User: mallory\r\nHTTP_X_AUTH_USER: mallory\r\n"
)
PLAIN = "GET {p} HTTP/1.1\r\nHost: {h}\r\n"

HEADERS = {
    "forged identity": FORGED,
    "NUL in a name": "X-Auth-User\x00: mallory\r\n",
    "second Host": "Host: evil.example\r\n",
    "second Cookie": "Cookie: a=b\r\nCookie: __Host-session=" + "A" * 43 + "\r\n",
    "cookie by other names": "HTTP_COOKIE: __Host-session=x\r\nCookie2: a=b\r\nCOOKIE_: a=b\r\n",
    "original URL": "X-Original-URL: /\r\nX-Rewrite-URL: /\r\nX-Original-URI: /open/x\r\n"
    "X-Forwarded-Uri: /\r\nX-Accel-Redirect: /files/a.txt\r\nX-Sendfile: /files/a.txt\r\n",
    "forwarded": "X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: ::1\r\nForwarded: for=127.0.0.1\r\n"
    "X-Forwarded-Host: localhost\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Prefix: /open\r\n",
    "mode of Coatcheck": "COATCHECK_MODE: check\r\nCoatcheck-Policy: user\r\nSCRIPT_NAME: /x\r\n"
    "Coatcheck-Mode: login\r\nREQUEST_METHOD: OPTIONS\r\nX-Auth-Reason: group user\r\n",
    "method by header": "X-HTTP-Method-Override: OPTIONS\r\nX-Method-Override: TRACE\r\n",
    "range": "Range: bytes=0-5\r\n",
    "many ranges": "Range: bytes=" + ",".join(f"{n}-{n}" for n in range(200)) + "\r\n",
    "conditions": 'If-None-Match: *\r\nIf-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT\r\n'
    'If-Range: "x"\r\nIf-Match: *\r\n',
    "upgrade": "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "cleartext HTTP/2": "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    "obsolete folding": "X-A: b\r\n X-Auth-User: mallory\r\n\tcontinued\r\n",
    "space before the colon": "X-Auth-User : mallory\r\nCookie : __Host-session=x\r\n",
    "bare CR": "X-A: b\rX-Auth-User: mallory\r\n",
    "bare LF": "X-A: b\nX-Auth-User: mallory\n",
    "no colon": "X-Auth-User mallory\r\n",
    "huge header": "X-A: " + "a" * 40_000 + "\r\n",
    "a thousand headers": "".join(f"X-{n}: a\r\n" for n in range(1000)),
    "server side include": 'User-Agent: <!--# include virtual="/files/a.txt" -->\r\n'
    'Referer: <!--#include file="dashboard.html"-->\r\n',
    "cache": "Cache-Control: only-if-cached\r\nPragma: x-get-cache-key\r\n",
    "connection options": "Connection: close, Cookie, X-Auth-User\r\nTE: trailers\r\n",
    "two lengths": "Content-Length: 0\r\nContent-Length: 5\r\n",
    "length list": "Content-Length: 0, 5\r\n",
    "negative length": "Content-Length: -1\r\n",
    "huge length": "Content-Length: 99999999999999999999\r\n",
}

TARGETS = {
    "as it is": "{p}",
    "query": "{p}?next=/&x=<!--%23%20include%20virtual=%22/files/a.txt%22-->",
    "double slash": "//{tail}",
    "inner double slash": "{p}//",
    "dot": "/.{p}",
    "dots": "/open/..{p}",
    "encoded dots": "/open/%2e%2e{p}",
    "half encoded dots": "/open/.%2e{p}",
    "encoded slash": "/open/..%2f{tail}",
    "encoded backslash": "/open/..%5c{tail}",
    "backslash": "/open/..\\{tail}",
    "twice encoded": "/open/%252e%252e%252f{tail}",
    "overlong slash": "/open/..%c0%af{tail}",
    "overlong dots": "/open/%c0%ae%c0%ae{p}",
    "full width": "/open/%ef%bc%8e%ef%bc%8e/{tail}",
    "above the root": "/../../..{p}",
    "static": "/static/..{p}",
    "static, encoded": "/static/%2e%2e{p}",
    "alias": "/static../site/guarded/dashboard.html",
    "alias of errors": "/_coatcheck_error/../site/guarded/dashboard.html",
    "login": "/login/..{p}",
    "login, encoded": "/login%2f..{p}",
    "parameters of a segment": "{p};jsessionid=1",
    "parameters before": "/open;/..{p}",
    "trailing dot": "{p}.",
    "trailing space": "{p}%20",
    "trailing NUL": "{p}%00",
    "NUL and another end": "{p}%00.css",
    "line feed": "{p}%0aX-Auth-User:%20mallory",
    "carriage return": "{p}%0d%0aHost:%20evil.example",
    "fragment": "/open/#/..{p}",
    "bad escape": "{p}%",
    "unicode escape": "%u002f{tail}",
    "raw bytes": "{p}\xff\xfe",
    "absolute": "https://{h}{p}",
    "absolute, other host": "http://evil.example{p}",
    "absolute, user": "https://localhost:1@{h}{p}",
    "absolute, no host": "http://{p}",
    "authority": "localhost:443",
    "asterisk": "*",
    "no slash": "{tail}",
    "internal check": "/_coatcheck/user",
    "internal check, dots": "/open/../_coatcheck/admin",
    "named location": "@coatcheck_login",
    "named location, slash": "/@coatcheck_denied",
    "error page": "/_coatcheck_error/unavailable.html",
    "file of the place": "/dashboard.html",
    "folder of the place": "/files../guarded/a.txt",
    "folder": "/files",
}

BODIES = {
    "length hides chunks": "POST /open/x HTTP/1.1\r\nHost: {h}\r\nContent-Length: 6\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{g}",
    "chunks hide length": "POST /open/x HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\n"
    "Content-Length: 3\r\n\r\n1\r\na\r\n0\r\n\r\n{g}",
    "chunks by another spelling": "POST /open/x HTTP/1.1\r\nHost: {h}\r\nContent-Length: 5\r\n"
    "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{g}",
    "xchunked": "POST /open/x HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: xchunked\r\n\r\n"
    "0\r\n\r\n{g}",
    "chunked twice": "POST /open/x HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\n"
    "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n{g}",
    "chunk of too many digits": "POST /open/x HTTP/1.1\r\nHost: {h}\r\n"
    "Transfer-Encoding: chunked\r\n\r\n" + "0" * 30 + "1\r\na\r\n0\r\n\r\n{g}",
    "chunk extension": "POST /open/x HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\n\r\n"
    "1;a=\n{g}\r\na\r\n0\r\n\r\n",
    "trailer": "POST /open/x HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\n\r\n"
    "0\r\nX-Auth-User: mallory\r\nCookie: __Host-session=x\r\n\r\n{g}",
    "two lengths": "POST /open/x HTTP/1.1\r\nHost: {h}\r\nContent-Length: 0\r\n"
    "Content-Length: 9999\r\n\r\n{g}",
    "GET with a body": "GET /open/x HTTP/1.1\r\nHost: {h}\r\nContent-Length: 0\r\n\r\n{g}",
    "pipelined": "GET /open/x HTTP/1.1\r\nHost: {h}\r\n\r\n{g}",
    "pipelined after the login": "GET /login HTTP/1.1\r\nHost: {h}\r\n\r\n{g}",
    "pipelined after a refusal": PLAIN + "\r\n{g}",
    "pipelined after an error": "GET /open/%00 HTTP/1.1\r\nHost: {h}\r\n\r\n{g}",
    "expectation": PLAIN + "Expect: 100-continue\r\nContent-Length: 5\r\n{c}\r\n\r\naaaaa",
    "odd expectation": PLAIN + "Expect: 200-ok\r\n{c}\r\n\r\n",
    "old version": "GET {p} HTTP/1.0\r\n\r\n",
    "oldest version": "GET {p}\r\n\r\n",
    "no version": "GET {p} HTTP\r\nHost: {h}\r\n\r\n",
    "version 3": "GET {p} HTTP/3.0\r\nHost: {h}\r\n\r\n",
    "request line in two": "GET {p} HTTP/1.1 HTTP/1.1\r\nHost: {h}\r\n{c}\r\n\r\n",
    "tabs": "GET\t{p}\tHTTP/1.1\r\nHost: {h}\r\n{c}\r\n\r\n",
    "empty lines before": "\r\n\r\n\r\n" + PLAIN + "{c}\r\n\r\n",
    "no Host": "GET {p} HTTP/1.1\r\n{c}\r\n\r\n",
    "Host of another site": "GET {p} HTTP/1.1\r\nHost: evil.example\r\n{c}\r\n\r\n",
    "Host with a path": "GET / HTTP/1.1\r\nHost: {h}{p}\r\n{c}\r\n\r\n",
    "huge request line": "GET {p}?" + "a" * 40_000 + " HTTP/1.1\r\nHost: {h}\r\n{c}\r\n\r\n",
}

METHODS = ["TRACE", "CONNECT", "PURGE", "get", "GeT", "HEAD", "POST", "PUT", "DELETE", "PATCH"]
METHODS += ["OPTIONS", "PROPFIND", "MKCOL", "COPY", "MOVE", "LOCK", "SEARCH", "PRI", "A" * 5000]
