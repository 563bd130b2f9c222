"""Expectations that many tests share."""

from __future__ import annotations

import re

from .response import Response

SESSION_COOKIE = re.compile(
    r"__Host-session=([A-Za-z0-9_-]{43}); Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=(\d+)"
)
CLEARED_COOKIE = "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{22}")


def assert_problem(response: Response, status: int, slug: str) -> dict[str, object]:
    """The answer is the problem `slug` of RFC 9457 with every member the contract names."""
    assert response.status == status, str(response)
    assert response.media_type == "application/problem+json", str(response)
    problem = response.json()
    assert problem["type"] == f"urn:coatcheck:problem:{slug}", str(response)
    assert problem["status"] == status
    assert isinstance(problem["title"], str) and problem["title"]
    assert isinstance(problem["error"], str) and problem["error"]
    return problem


def assert_issue(response: Response, path: str | None) -> None:
    """The answer is 400 invalid-request and names the field `path`, or a place within it."""
    problem = assert_problem(response, 400, "invalid-request")
    if path is None:
        return
    issues = problem["issues"]
    assert isinstance(issues, list), str(response)
    named = [issue["path"] for issue in issues]
    assert any(name == path or name.startswith(f"{path}.") for name in named), str(response)
    assert all(isinstance(issue["message"], str) and issue["message"] for issue in issues)


def assert_session_cookie(response: Response, max_age: int = 86400) -> str:
    """The answer sets the session cookie, and only it, exactly as promised; its ticket."""
    value = response.session_cookie
    assert value is not None, f"no cookie in {response}"
    match = SESSION_COOKIE.fullmatch(value)
    assert match, f"not the promised cookie: {re.sub('=[^;]{43}', '=(43)', value)}"
    assert int(match.group(2)) == max_age
    return match.group(1)


def assert_not_cached(response: Response) -> None:
    """Nobody may keep a copy of the answer (ASVS 14.3.2)."""
    assert "no-store" in (response.header("Cache-Control") or ""), str(response)


def assert_refused(response: Response) -> None:
    """A check of who is logged in was answered with: nobody."""
    assert_problem(response, 401, "authentication-required")
