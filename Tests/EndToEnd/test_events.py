"""Everything a person does writes its event, once: name, level, who, which session, from where."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.checks import PUBLIC_ID
from support.deployment import Person
from support.events import Line
from support.names import new_name
from support.watched import Watched, another_session, event, me


def test_signing_up(watched: Watched) -> None:
    watched.log.new()
    client, name = watched.site.client(), new_name()
    assert client.sign_up(name, watched.site.secrets.password()).status == 201
    lines = watched.of(client)
    answer = client.get("/me").json()
    user, session = answer["id"], answer["session"]["id"]
    assert lines == [
        event("info", "user_created", user=user),
        event("debug", "session_created", user=user, session=session, remembered="false"),
    ]
    assert PUBLIC_ID.fullmatch(user) and PUBLIC_ID.fullmatch(session)
    assert client.sign_up(name, watched.site.secrets.password()).status == 409
    assert watched.of(client) == [], "a refused sign-up changed nothing"


def test_logging_in_and_out(watched: Watched, someone: Person) -> None:
    """ASVS 16.3.1: every login, and CS-Log's names for it."""
    user, first = me(someone)
    client = watched.site.client()
    assert client.log_in(someone.name, someone.password, remember=True).status == 200
    lines = watched.of(client)
    second = client.get("/me").json()["session"]["id"]
    assert lines == [
        event("debug", "session_created", user=user, session=second, remembered="true"),
        event("info", "authn_login_success", user=user, session=second),
    ]
    # A login in a browser that has a session ends that one.
    assert client.log_in(someone.name, someone.password).status == 200
    lines = watched.of(client)
    third = client.get("/me").json()["session"]["id"]
    assert lines == [
        event("debug", "session_created", user=user, session=third, remembered="false"),
        event("info", "session_logout", user=user, session=second),
        event("info", "authn_login_success", user=user, session=third),
    ]
    assert client.request("POST", "/logout").status == 204
    assert watched.of(client) == [event("info", "session_logout", user=user, session=third)]
    assert client.request("POST", "/logout").status == 204
    assert watched.of(client) == [], "there was no session to end"
    assert someone.client.get("/me").json()["session"]["id"] == first


def test_a_wrong_password_and_an_unknown_name(watched: Watched, someone: Person) -> None:
    """ASVS 16.3.1 and 16.2.5: pass or fail is logged, and what was typed is not."""
    user, _ = me(someone)
    client = watched.site.client()
    for _ in range(2):
        assert client.log_in(someone.name, watched.site.secrets.password()).status == 401
        assert watched.of(client) == [event("notice", "authn_login_fail", user=user)]
    assert client.log_in(someone.name, someone.password).status == 200
    success = watched.of(client)[-1]
    session = client.get("/me").json()["session"]["id"]
    assert success == event(
        "info", "authn_login_successafterfail", user=user, session=session, failures=2
    )
    # People type a password where the name belongs: what is typed is in no line.
    guest = watched.site.client()
    assert guest.log_in(watched.site.secrets.password(), "some-other-password").status == 401
    assert watched.of(guest) == [event("notice", "authn_login_fail")]


def test_proving_the_password_again(watched: Watched, someone: Person) -> None:
    """ASVS 7.2.4: a new ticket is session_renewed, under the same public id."""
    user, session = me(someone)
    wrong = {"password": watched.site.secrets.password()}
    assert someone.client.post_json("/reauthenticate", wrong).status == 401
    assert watched.of(someone.client) == [
        event("notice", "authn_reauthentication_fail", user=user, session=session)
    ]
    right = {"password": someone.password}
    assert someone.client.post_json("/reauthenticate", right).status == 204
    assert watched.of(someone.client) == [
        event("info", "authn_reauthentication_success", user=user, session=session),
        event("debug", "session_renewed", user=user, session=session),
    ]
    assert me(someone) == (user, session)


def test_changing_the_password(watched: Watched, someone: Person) -> None:
    user, session = me(someone)
    _, other = another_session(watched, someone)
    new = watched.site.secrets.password()
    wrong = {"current": watched.site.secrets.password(), "new": new}
    assert someone.client.post_json("/password", wrong).status == 400
    assert watched.of(someone.client) == [
        event("notice", "authn_password_change_fail", user=user, session=session)
    ]
    right = {"current": someone.password, "new": new}
    assert someone.client.post_json("/password", right).status == 204
    assert watched.of(someone.client) == [
        event("info", "session_revoked", user=user, session=other),
        event("info", "authn_password_change", user=user, ended=1),
        event("debug", "session_renewed", user=user, session=session),
    ]


def test_ending_devices(watched: Watched, someone: Person) -> None:
    user, session = me(someone)
    _, lost = another_session(watched, someone)
    assert someone.client.request("DELETE", f"/sessions/{lost}").status == 204
    assert watched.of(someone.client) == [
        event("info", "session_revoked", user=user, session=lost)
    ]
    assert someone.client.request("DELETE", f"/sessions/{lost}").status == 404
    assert watched.of(someone.client) == []
    more = {another_session(watched, someone)[1] for _ in range(2)}
    assert someone.client.request("DELETE", "/sessions").status == 204
    lines = watched.of(someone.client)
    assert {line.pop("session") for line in lines} == more
    assert lines == [event("info", "session_revoked", user=user)] * 2
    assert someone.client.request("DELETE", f"/sessions/{session}").status == 204
    assert watched.of(someone.client) == [
        event("info", "session_logout", user=user, session=session)
    ]


def test_what_an_administrator_does(watched: Watched, someone: Person) -> None:
    """CS-Log: user_created, privilege_permissions_changed, user_deleted, each with who did it."""
    client, site = watched.admin.client, watched.site
    by, _ = me(watched.admin)
    user, session = me(someone)
    watched.log.new()

    def did(method: str, path: str, status: int, **body: Any) -> tuple[Any, list[Line]]:
        answer = client.request(method, path, json=body or ({} if method == "POST" else None))
        assert answer.status == status, str(answer)
        return (answer.json() if answer.body else None), watched.of(client)

    made, lines = did("POST", "/users", 201, username=new_name(), groups=["editors"])
    link = event("notice", "authn_password_link_created", user=made["id"], by=by)
    assert lines == [event("info", "user_created", user=made["id"], by=by), link]
    secret = parse_qs(urlsplit(made["link"]["url"]).query)["token"][0]
    guest = site.client()
    body = {"token": site.secrets.add(secret), "password": site.secrets.password()}
    assert guest.post_json("/set-password", body).status == 204
    assert watched.of(guest, is_in_access_log=False) == [
        event("info", "authn_password_change", user=made["id"], ended=0)
    ]
    assert guest.post_json("/set-password", body).status == 404
    assert watched.of(guest) == []

    again, lines = did("POST", f"/users/{made['id']}/link", 201)
    site.secrets.add(parse_qs(urlsplit(again["url"]).query)["token"][0])
    assert lines == [link]

    path = f"/users/{user}"
    changed = "privilege_permissions_changed"
    _, lines = did("PATCH", path, 200, groups=["a", "b"])
    assert lines == [event("notice", changed, user=user, by=by, added="a,b")]
    _, lines = did("PATCH", path, 200, groups=["b", "c"])
    assert lines == [event("notice", changed, user=user, by=by, added="c", removed="a")]
    _, lines = did("PATCH", path, 200, groups=["c", "b"])
    assert lines == [], "nothing changed"
    _, lines = did("PATCH", path, 200, disabled=True)
    assert lines == [
        event("notice", "user_updated", user=user, by=by, change="disabled"),
        event("info", "session_revoked", user=user, by=by, session=session),
    ]
    _, lines = did("PATCH", path, 200, disabled=False)
    assert lines == [event("notice", "user_updated", user=user, by=by, change="enabled")]
    _, second = another_session(watched, someone)
    _, lines = did("DELETE", f"{path}/sessions", 204)
    assert lines == [event("info", "session_revoked", user=user, by=by, session=second)]
    _, lines = did("DELETE", path, 204)
    assert lines == [event("notice", "user_deleted", user=user, by=by)]
    assert not site.client().log_in(someone.name, someone.password).status == 200


def test_deleting_my_own_account(watched: Watched, someone: Person) -> None:
    user, session = me(someone)
    assert someone.client.request("DELETE", "/account").status == 204
    assert watched.of(someone.client)[0] == event("notice", "user_deleted", user=user)
