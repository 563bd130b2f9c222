"""The FastCGI parameters that nginx sends, read from our snippets: their names and their order.

nginx sends the lines of a location in the order in which they stand, those of an `include` in its
place, and a variable without a value as an empty parameter (ngx_http_fastcgi_module).
"""

import pathlib
import re

TESTS = pathlib.Path(__file__).resolve().parents[1]
NGINX = TESTS.parent / "nginx"
# What the variables of the snippets hold for a GET by a current browser; the rest is empty.
VALUES = {
    "$coatcheck_policy": "user",
    "$https": "on",
    "$request_method": "GET",
    "$remote_addr": "203.0.113.7",
    "$request_id": "0123456789abcdef0123456789abcdef",
    "$http_host": "example.org",
    "$http_accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "$http_sec_fetch_site": "same-origin",
    "$http_sec_fetch_mode": "navigate",
    "$http_sec_fetch_dest": "document",
    "$http_user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
}


def of_check(cookie):
    """The parameters of auth_request's check of the policy `user`."""
    text = (NGINX / "snippets/coatcheck-internal.conf").read_text()
    return _sent(re.search(r"\{([^{}]*COATCHECK_MODE check;[^{}]*)\}", text)[1],
                 {"$http_cookie": cookie})


def of_route(path, cookie):
    """The parameters of a GET of one of Coatcheck's own routes, mounted at the root."""
    text = (NGINX / "snippets/coatcheck-route.conf").read_text()
    return _sent(text, {"$document_uri": path, "$request_uri": path, "$http_cookie": cookie})


def _sent(text, values):
    sent = []
    for directive, name, value in re.findall(
            r"^\s*(include|fastcgi_param) ([\w/.-]+)(?: (\S+))?;", text, re.MULTILINE):
        if directive == "include":
            sent += _sent((NGINX / name).read_text(), values)
        elif value.startswith("$"):
            sent.append((name, (VALUES | values).get(value, "")))
        else:
            sent.append((name, value))
    return sent
