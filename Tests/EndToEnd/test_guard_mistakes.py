"""What the head of coatcheck-guard.conf warns of is so, and what it says helps.

These places are wrong on purpose. Where a newer nginx behaves better, the head can say less.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support import wire
from support.deployment import Person
from support.guarded import USER_MARK, GuardedSite, guarded_site
from support.waiting import wait_until

PLACES = """
        location = /ssi {{ root {files}/r; ssi on; try_files /include.html =404; }}
        location = /added {{
            root {files}/r; default_type text/html; add_before_body /wiki/page;
            try_files /public.html =404;
        }}
        location = /mirrored {{ root {files}/r; mirror /wiki/page; try_files /public.html =404; }}
        location ^~ /returned/ {{
            include snippets/coatcheck-protect.conf;
            return 200 "mark-of-the-users";
        }}
        location ^~ /rewritten/ {{
            include snippets/coatcheck-protect.conf;
            rewrite ^/rewritten/(.*)$ /bare/$1 last;
        }}
        location ^~ /rewritten-here/ {{
            include snippets/coatcheck-protect.conf;
            rewrite ^/rewritten-here/(.*)$ /$1 break;
            proxy_pass http://127.0.0.1:{users.port};
        }}
        location ^~ /bare/ {{ proxy_pass http://127.0.0.1:{users.port}; }}
        location /img {{ alias {files}/r/; }}
        location /img-ended/ {{ alias {files}/r/; }}
        location ^~ /named/ {{ include snippets/coatcheck-protect.conf; try_files /none @named; }}
        location @named {{ proxy_pass http://127.0.0.1:{users.port}; }}
        location ^~ /named-well/ {{
            include snippets/coatcheck-protect.conf;
            try_files /none @named_well;
        }}
        location @named_well {{
            include snippets/coatcheck-guard.conf;
            proxy_pass http://127.0.0.1:{users.port};
        }}
        location = /fallback {{ root {files}; error_page 404 = /wiki/page; try_files /none =404; }}
"""

OPEN = ["/ssi", "/added", "/returned/x", "/rewritten/x", "/bare/x", "/img../a.txt"]
CLOSED = ["/rewritten-here/x", "/named/x", "/named-well/x", "/fallback", "/img-ended../a.txt"]


@pytest.fixture(scope="module")
def mistaken(tools: None) -> Iterator[GuardedSite]:
    """A site with places that are guarded wrongly, and beside them the right way."""
    with guarded_site(PLACES) as guarded:
        folder = guarded.site.folder / "guarded/r"
        (folder / "include.html").write_text('<!--# include virtual="/wiki/page" -->\n')
        (folder / "public.html").write_text("anybody\n")
        yield guarded


def get(guarded: GuardedSite, path: str, person: Person | None = None) -> str:
    """What a client gets that also claims to be somebody."""
    headers = {"X-Auth-User": "mallory", "Accept": "application/json"}
    if person is not None:
        headers["Cookie"] = person.client.ticket_cookie
    answer = wire.get(guarded.site.port, path, headers)
    assert answer is not None
    return answer.text


@pytest.mark.parametrize("path", OPEN)
def test_these_mistakes_open_a_guarded_place(mistaken: GuardedSite, path: str) -> None:
    assert USER_MARK in get(mistaken, path)


@pytest.mark.parametrize("path", CLOSED)
def test_these_places_stay_closed(mistaken: GuardedSite, path: str) -> None:
    assert USER_MARK not in get(mistaken, path)


def test_a_mirror_of_a_public_place_asks_the_guarded_application(mistaken: GuardedSite) -> None:
    mistaken.forget()
    assert "anybody" in get(mistaken, "/mirrored")
    wait_until(lambda: mistaken.users.heads, "the mirrored request")


@pytest.mark.parametrize(
    ("path", "is_told_right"),
    [("/named/x", False), ("/named-well/x", True), ("/rewritten-here/x", True)],
)
def test_whose_name_arrives_behind_another_location(
    mistaken: GuardedSite, path: str, is_told_right: bool
) -> None:
    person = mistaken.site.person()
    mistaken.forget()
    assert USER_MARK in get(mistaken, path, person)
    (head,) = mistaken.users.heads
    assert (f"X-Auth-User: {person.name}\r\n" in head) == is_told_right
    assert ("mallory" in head) != is_told_right
