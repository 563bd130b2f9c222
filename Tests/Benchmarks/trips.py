"""How many round trips to the engines each operation takes, by the program's own figures."""

import json
import secrets
import time
import urllib.parse

import processor
from people import address, person
from sites import ask
from support.prometheus import Scrape

ROUND_TRIPS = "coatcheck_storage_round_trips_total"
# How often each operation is done; whatever else goes on meanwhile is taken off.
TIMES = 200


def scrape(site):
    """The figures of this moment."""
    return Scrape(ask(urllib.parse.urljoin(site.urls["/me"], "/metrics"))[2])


def since(site, before):
    """Round trips since then, by engine and purpose."""
    return scrape(site).moved(ROUND_TRIPS, before)


class Operations:
    """Somebody who does the same again and again at one site."""

    def __init__(self, site, engines, first=0):
        self.site = site
        self.servers = {"postgresql": engines.postgresql, "redis": engines.redis}
        self.people = [person(number) for number in range(first, first + TIMES)]
        self.password = secrets.token_hex(16)
        self.cookies = []

    def post(self, number, path, body, cookie="", wanted=(200, 201, 204)):
        """Sends JSON as one of the people; returns the cookie that is set."""
        headers = {"Content-Type": "application/json", "X-Real-IP": address(number)}
        if cookie:
            headers["Cookie"] = cookie
        url = urllib.parse.urljoin(self.site.urls["/me"], path)
        status, given, text = ask(url, "POST", headers, json.dumps(body))
        if status not in wanted:
            raise SystemExit(f"bench: {path} answered {status}: {text}")
        return given

    def credentials(self, number):
        """What somebody signs up and logs in with."""
        return {"username": self.people[number], "password": self.password}

    def sign_up(self, number):
        """Makes an account, which is logged in."""
        self.post(number, "/api/signup", self.credentials(number))

    def log_in(self, number):
        """Logs in."""
        self.cookies.append(self.post(number, "/api/login", self.credentials(number)))

    def check(self, number):
        """A check of a session that has just begun."""
        ask(self.site.urls["direct"], headers={"Cookie": self.cookies[number]})

    def log_out(self, number):
        """Logs out."""
        self.post(number, "/api/logout", {}, self.cookies[number])

    def measure(self):
        """Round trips of each operation and microseconds of the engine, by engine, and the seconds
        that it takes.
        """
        rest, pause, _ = self._run(lambda _: time.sleep(0.01))
        found = {}
        for name, operation in (("sign-up", self.sign_up), ("login", self.log_in),
                                ("first check", self.check), ("logout", self.log_out)):
            trips, length, busy = self._run(operation)
            found[name] = {"seconds": busy / TIMES, "trips": {}, "microseconds": {}}
            for (kind, engine), count in trips.items():
                own = max(0, count - rest.get((kind, engine), 0) / pause * length)
                found[name][kind][engine] = own / TIMES
        return found

    def _run(self, operation):
        """Does it so often; returns what was taken, how long that was counted, how long it was
        done.
        """
        before, began = self._taken(), time.monotonic()
        start = scrape(self.site)
        for number in range(TIMES):
            operation(number)
        busy = time.monotonic() - began
        time.sleep(1.2)  # what is written each second belongs to the operations
        found = {key: value - before[key] for key, value in self._taken().items()}
        for (engine, _), count in since(self.site, start).items():
            found["trips", engine] = found.get(("trips", engine), 0) + count
        return found, time.monotonic() - began, busy

    def _taken(self):
        return {("microseconds", engine): 1e6 * processor.taken(server.process.pid)
                for engine, server in self.servers.items()}
