"""The network between a program and an engine, which can become slow, stall or break.

`Proxy` runs this file as a program and tells it on its standard input what to do from now on. The
program ends with that input, so it cannot outlive the tests. It imports nothing of ours.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys

PIECE = 65536

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Pieces = asyncio.Queue[tuple[float, bytes]]


class Line:
    """One connection of a program, and the one to the engine that belongs to it."""

    def __init__(self, wire: Wire, near: Stream) -> None:
        self._wire = wire
        self._near = near
        self._far: Stream | None = None
        # The engine's end is gone, and nobody tells the program.
        self._is_silent = False

    async def run(self) -> None:
        """Passes on what comes until both sides have ended."""
        try:
            # A stalled network lets no new connection reach the engine either.
            await self._wire.flows.wait()
            self._far = far = await self._wire.connect()
            await asyncio.gather(
                self._flow(self._near[0], far[1]), self._flow(far[0], self._near[1])
            )
        except OSError:
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Ends both sides with a reset."""
        for _, writer in filter(None, (self._near, self._far)):
            reset(writer)

    def fall_silent(self) -> None:
        """Ends the engine's side alone."""
        self._is_silent = True
        if self._far is not None:
            reset(self._far[1])

    async def _flow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pieces: Pieces = asyncio.Queue(64)
        await asyncio.gather(self._take(reader, pieces), self._give(pieces, writer))

    async def _take(self, reader: asyncio.StreamReader, pieces: Pieces) -> None:
        piece = b"-"
        while piece:
            try:
                piece = await reader.read(PIECE)
            except OSError:
                piece = b""
            await pieces.put((asyncio.get_running_loop().time(), piece))

    async def _give(self, pieces: Pieces, writer: asyncio.StreamWriter) -> None:
        piece = b"-"
        while piece:
            came, piece = await pieces.get()
            await asyncio.sleep(came + self._wire.delay - asyncio.get_running_loop().time())
            await self._wire.flows.wait()
            if self._is_silent:
                continue
            if piece:
                writer.write(piece)
                await writer.drain()
            else:
                writer.write_eof()


def reset(writer: asyncio.StreamWriter) -> None:
    """Closes a connection as a machine does that does not know it, not with the end of a stream."""
    connection = writer.get_extra_info("socket")
    if connection.fileno() >= 0:
        # l_onoff and l_linger of socket(7).
        linger = (1).to_bytes(4, sys.byteorder) + bytes(4)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


class Wire:
    """All connections through one port, and what happens to them at the moment."""

    def __init__(self, port: int, target: int) -> None:
        self._port = port
        self._target = target
        self._lines: set[Line] = set()
        self._server: asyncio.Server | None = None
        # Seconds in each direction.
        self.delay = 0.0
        self.flows = asyncio.Event()

    async def connect(self) -> Stream:
        """A connection to the engine."""
        return await asyncio.open_connection("127.0.0.1", self._target)

    async def do(self, verb: str, *words: str) -> None:
        """Does what one of the methods of `Proxy` asks for."""
        if verb == "pass":
            self.delay = float(words[0])
            self.flows.set()
            if self._server is None:
                self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        elif verb == "stall":
            self.flows.clear()
        elif verb == "silence":
            for line in self._lines:
                line.fall_silent()
        elif verb == "drop":
            if self._server is not None:
                self._server.close()
                self._server = None
            for line in self._lines:
                line.abort()
        else:
            raise ValueError(verb)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(self, (reader, writer))
        self._lines.add(line)
        try:
            await line.run()
        finally:
            self._lines.discard(line)


async def main(port: int, target: int) -> None:
    """Does what the lines of the standard input say, and answers each."""
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    wire = Wire(port, target)
    while words := (await lines.readline()).decode().split():
        await wire.do(*words)
        print("done", flush=True)


class Proxy:
    """A port on loopback behind which an engine's port is; it passes everything on at first."""

    def __init__(self, target: int, port: int) -> None:
        self.port = port
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__, str(port), str(target)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Proxy:
        self.pass_on()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def pass_on(self, delay: float = 0.0) -> None:
        """Passes on from now on, also what is held; each way takes `delay` seconds."""
        self._tell(f"pass {delay}")

    def stall(self) -> None:
        """Accepts connections and passes nothing on, as if packets were lost; it is held."""
        self._tell("stall")

    def drop(self) -> None:
        """Resets every connection and refuses new ones."""
        self._tell("drop")

    def silence(self) -> None:
        """Ends every connection on the engine's side alone; new ones are passed on."""
        self._tell("silence")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n", "the proxy has ended"


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
