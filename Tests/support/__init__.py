"""What the end-to-end, lifecycle and browser tests share.

`deployment` starts a whole Coatcheck (the program and nginx) in a folder of its own; `curl`,
`wire` and `fastcgi` are three ways to talk to it: the client that people use, raw bytes to nginx
over TLS, and records straight to the unix socket.
"""
