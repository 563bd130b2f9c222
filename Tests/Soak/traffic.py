"""Requests through nginx, counted and judged."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from typing import Any

from support import wire
from support.deployment import Deployment
from support.response import Response

# What a person who waits for a page no longer does.
TIMEOUT = 20.0
# How many wrong answers are written down.
REMEMBERED = 100


class Ledger:
    """What was asked and answered, from all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.acts: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.reconnected = 0
        self.wrong = 0
        self.wrong_answers: list[str] = []
        self._latencies: list[float] = []

    def did(self, act: str) -> None:
        """Something was tried."""
        with self._lock:
            self.acts[act] += 1

    def answered(self, status: int) -> None:
        """A request was answered."""
        with self._lock:
            self.statuses[status] += 1

    def checked(self, seconds: float) -> None:
        """How long a check through `auth_request` took."""
        with self._lock:
            self._latencies.append(seconds)

    def take_latencies(self) -> list[float]:
        """Those since the last call."""
        with self._lock:
            taken, self._latencies = self._latencies, []
        return taken

    def reconnect(self) -> None:
        """nginx closed an idle connection just when it was used, as it may; it was asked again."""
        with self._lock:
            self.reconnected += 1

    def expect(self, holds: bool, what: str) -> bool:
        """Writes down an answer that is wrong; returns whether it was right."""
        if not holds:
            with self._lock:
                self.wrong += 1
                if len(self.wrong_answers) < REMEMBERED:
                    at = time.strftime("%H:%M:%S", time.gmtime())
                    self.wrong_answers.append(f"{at} {what}")
        return holds


class Traffic:
    """One client: a kept connection for what it reads, new ones for what it changes."""

    def __init__(self, site: Deployment, ledger: Ledger) -> None:
        self.site = site
        self.ledger = ledger
        self._kept: http.client.HTTPSConnection | None = None

    def get(self, path: str, cookie: str = "") -> Response:
        """GET on the kept connection."""
        headers = {"Host": f"localhost:{self.site.port}", "Accept": "application/json"}
        if cookie:
            headers["Cookie"] = cookie
        while True:
            is_new = self._kept is None
            kept = self._kept = self._kept or http.client.HTTPSConnection(
                "127.0.0.1", self.site.port, timeout=TIMEOUT, context=wire.TLS
            )
            try:
                kept.request("GET", path, headers=headers)
                answer = kept.getresponse()
                body = answer.read()
            except (ConnectionError, http.client.BadStatusLine):
                kept.close()
                self._kept = None
                if is_new:
                    raise
                self.ledger.reconnect()
                continue
            if answer.will_close:
                kept.close()
                self._kept = None
            self.ledger.answered(answer.status)
            return Response(answer.status, answer.getheaders(), body)

    def check(self, path: str, cookie: str) -> Response:
        """GET of a guarded page, whose time counts."""
        began = time.perf_counter()
        answer = self.get(path, cookie)
        self.ledger.checked(time.perf_counter() - began)
        return answer

    def send(
        self, method: str, path: str, source: str, value: Any = None, cookie: str = ""
    ) -> Response:
        """A request that changes something, from an address, on a connection of its own."""
        headers = {"Accept": "application/json"}
        if value is not None:
            headers["Content-Type"] = "application/json"
        if cookie:
            headers["Cookie"] = cookie
        body = None if value is None else json.dumps(value).encode()
        answer = self.site.send(
            method, path, headers=headers, body=body, source=source, timeout=TIMEOUT
        )
        self.ledger.answered(answer.status)
        return answer
