"""A new password and the known devices: those of somebody who knew the old one are strangers."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from support.command_line import CommandLine
from support.curl import Curl
from support.deployment import Deploy, Deployment, Person
from support.guessing import guess, tighten
from support.parallel import log_in

# What has failed so often waits for minutes once one try is free.
TRIES = 10
LOOSE = {"throttle.account": TRIES, "throttle.device": TRIES, "throttle.longest": "1h"}


def device(client: Curl) -> str:
    """The cookie by which a browser is known again, as `name=value`."""
    value = client.cookies["__Host-device"]
    return f"__Host-device={value}"


def besiege(site: Deployment, owner: Person) -> None:
    """Makes strangers wait at an account for minutes."""
    for _ in range(TRIES):
        assert guess(site, owner.name).status == 401
    tighten(site, account=1)
    assert guess(site, owner.name).status == 429


def link(site: Deployment, owner: Person) -> str:
    """The secret of a link that an operator hands out."""
    said = CommandLine(site).do("user", "link", owner.name).split()
    (url,) = [word for word in said if "token=" in word]
    return site.secrets.add(parse_qs(urlsplit(url).query)["token"][0])


def by_changing(site: Deployment, owner: Person, new: str) -> None:
    """Somebody who is logged in."""
    change = {"current": owner.password, "new": new}
    assert owner.client.post_json("/password", change).status == 204


def by_link(site: Deployment, owner: Person, new: str) -> None:
    """Somebody who was handed a link, in the browser that they always use."""
    fields = {"token": link(site, owner), "password": new}
    assert owner.client.post_json("/set-password", fields).status == 204


Change = Callable[[Deployment, Person, str], None]


@pytest.mark.parametrize("change", [by_changing, by_link])
def test_a_new_password_forgets_every_device_but_the_one_that_set_it(
    deploy: Deploy, change: Change
) -> None:
    """ASVS 7.4.3 and 6.1.1: a thief's device is a stranger's, and the owner is not kept out."""
    site = deploy(LOOSE)
    owner, thief, elsewhere = site.person(), site.client(), site.client()
    for client in (thief, elsewhere):
        assert client.log_in(owner.name, owner.password).status == 200
    old, new = device(owner.client), site.secrets.password()
    besiege(site, owner)
    for cookie in (old, device(thief), device(elsewhere)):
        assert log_in(site, owner.name, owner.password, cookie=cookie).status == 200, "known"
    change(site, owner, new)
    assert device(owner.client) != old, "nobody has a copy of it"
    # Right or wrong, on a device that was forgotten one waits like everybody else.
    assert guess(site, owner.name).status == 429, "logins on known devices let nobody off"
    for cookie in (old, device(thief), device(elsewhere)):
        assert log_in(site, owner.name, new, cookie=cookie).status == 429
        assert guess(site, owner.name, cookie=cookie).status == 429
    for _ in range(3):
        assert owner.client.log_in(owner.name, new).status == 200
        assert owner.client.request("POST", "/logout").status == 204


def test_a_change_that_is_refused_forgets_no_device(deploy: Deploy) -> None:
    """ASVS 6.1.1: or whoever holds a session could take the owner's devices away."""
    site = deploy(LOOSE)
    owner, other = site.person(), site.client()
    assert other.log_in(owner.name, owner.password).status == 200
    wrong = {"current": site.secrets.password(), "new": site.secrets.password()}
    assert owner.client.post_json("/password", wrong).status == 400
    weak = {"current": owner.password, "new": "password"}
    assert owner.client.post_json("/password", weak).status == 400
    used = {"token": "A" * 43, "password": site.secrets.password()}
    assert owner.client.post_json("/set-password", used).status == 404
    besiege(site, owner)
    for client in (owner.client, other):
        assert client.log_in(owner.name, owner.password).status == 200


def test_after_an_operators_new_password_a_link_is_the_way_in(deploy: Deploy) -> None:
    """ASVS 6.1.1: no device is known then, and the flood still keeps nobody out for good."""
    site = deploy(LOOSE)
    owner, new = site.person(), site.secrets.password()
    besiege(site, owner)
    CommandLine(site).do("user", "passwd", owner.name, given=new + "\n")
    assert owner.client.log_in(owner.name, new).status == 429
    newest = site.secrets.password()
    by_link(site, owner, newest)
    assert owner.client.log_in(owner.name, newest).status == 200
    assert guess(site, owner.name).status == 429


def test_the_devices_of_others_stay_known(deploy: Deploy) -> None:
    """ASVS 6.1.1: a password is changed for one account."""
    site = deploy(LOOSE)
    owner, other = site.person(), site.person()
    by_changing(site, owner, site.secrets.password())
    besiege(site, other)
    assert other.client.log_in(other.name, other.password).status == 200
