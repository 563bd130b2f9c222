// In-memory sessions on Node's own HTTP server:  node node.mjs SOCKET
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

const sessions = new Map();

const server = createServer((request, response) => {
    const url = new URL(request.url, "http://peer");
    if (url.pathname === "/login") {
        const ticket = randomBytes(32).toString("base64url");
        sessions.set(ticket, { user: url.searchParams.get("user"), began: Date.now() });
        response.writeHead(204, { "Set-Cookie": `session=${ticket}; Path=/; HttpOnly` }).end();
        return;
    }
    const ticket = /(?:^|; )session=([^;]*)/.exec(request.headers.cookie ?? "")?.[1];
    const session = sessions.get(ticket);
    if (!session) response.writeHead(401).end();
    else if (url.pathname === "/check") {
        response.writeHead(204, { "X-Auth-User": session.user }).end();
    } else {
        const body = JSON.stringify(session);
        response.writeHead(200, {
            "Content-Type": "application/json",
            "Content-Length": Buffer.byteLength(body),
        }).end(body);
    }
});
// Longer than nginx keeps an idle connection (60 s): none is closed while nginx sends on it.
server.keepAliveTimeout = 75_000;
server.listen(process.argv[2]);
