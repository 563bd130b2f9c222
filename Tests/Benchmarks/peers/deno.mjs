// In-memory sessions on Deno's own HTTP server:  deno run deno.mjs SOCKET
const sessions = new Map();

Deno.serve({ path: Deno.args[0] }, (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/login") {
        const ticket = crypto.getRandomValues(new Uint8Array(32)).toBase64({
            alphabet: "base64url",
            omitPadding: true,
        });
        sessions.set(ticket, { user: url.searchParams.get("user"), began: Date.now() });
        return new Response(null, {
            status: 204,
            headers: { "Set-Cookie": `session=${ticket}; Path=/; HttpOnly` },
        });
    }
    const ticket = /(?:^|; )session=([^;]*)/.exec(request.headers.get("Cookie") ?? "")?.[1];
    const session = sessions.get(ticket);
    if (!session) return new Response(null, { status: 401 });
    if (url.pathname === "/check") {
        return new Response(null, { status: 204, headers: { "X-Auth-User": session.user } });
    }
    return Response.json(session);
});
