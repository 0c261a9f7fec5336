"""What visitors of a domain see where no function answers: pages in the words of either era."""

from __future__ import annotations

import pytest

from .server import Project, Reply
from .site import Site, domain_of, site, text_of


def _page(reply: Reply, era: str) -> tuple[int, str]:
    assert reply.header("cache-control") == "no-cache, no-store, must-revalidate"
    text = text_of(reply)
    if era == "1.6":
        assert f"Error {reply.status}" in text
    return reply.status, text


def test_a_name_below_the_functions_domain_that_nobody_has(either: Project) -> None:
    era = either.server.emulator.config.appwrite
    for host in ("nobody.functions.localhost", "a.b.FUNCTIONS.localhost:9080"):
        status, text = _page(either.server.call("POST", "/v1/functions", {"host": host}), era)
        if era == "1.6":
            assert status == 401
            assert "This domain is not connected to any Appwrite resource yet." in text
        else:
            assert status == 404
            assert "Nothing is here yet" in text
            assert "Start with this domain" in text


def test_the_functions_domain_itself_cannot_be_used(either: Project) -> None:
    reply = either.server.call("GET", "/", {"host": "functions.localhost:9080"})
    status, text = _page(reply, either.server.emulator.config.appwrite)
    assert status == 401
    assert "This domain cannot be used for security reasons." in text


def test_a_function_without_a_deployment(either: Project) -> None:
    either.function()
    reply = Site(either, domain_of(either)).visit("GET", "/")
    status, text = _page(reply, either.server.emulator.config.appwrite)
    assert status == 404
    if either.server.emulator.config.appwrite == "1.9":
        assert "No active deployments" in text
        assert "View deployments" in text
    else:
        assert "Create a deployment before trying to execute a function" in text


def test_a_function_whose_builds_failed_has_no_page_of_its_own(project: Project) -> None:
    project.function()
    project.deploy("f", {"main.py": ""}, commands="exit 1")
    text = text_of(Site(project, domain_of(project)).visit("GET", "/"))
    assert "No active deployments" in text


def test_a_disabled_function_is_there_for_nobody(either: Project) -> None:
    here = site(either)
    either.put("/functions/f", {"name": "f", "enabled": False, "execute": ["any"]}).expect(200)
    reply = here.visit("GET", "/", x_appwrite_key="any", x_appwrite_project=either.id)
    status, text = _page(reply, either.server.emulator.config.appwrite)
    assert status == 404
    assert "Function with the requested ID could not be found." in text


@pytest.mark.parametrize("execute", [["users"], [], ["user:x", "team:y"]])
def test_a_function_that_guests_may_not_execute(either: Project, execute: list[str]) -> None:
    here = site(either, execute=execute)
    reply = here.visit("GET", "/", x_appwrite_key="any", x_appwrite_project=either.id)
    status, text = _page(reply, either.server.emulator.config.appwrite)
    assert status == 401
    wanted = 'To execute function using domain, execute permissions must include "any" or "guests"'
    assert wanted in text
    if either.server.emulator.config.appwrite == "1.9":
        assert "Execution not permitted" in text
        assert "View settings" in text
    assert either.get("/functions/f/executions").json["total"] == 0


def test_guests_are_enough(either: Project) -> None:
    assert site(either, execute=["guests"]).visit("GET", "/").status == 200


def test_a_deleted_function_leaves_nothing_behind(either: Project) -> None:
    here = site(either)
    either.delete("/functions/f").expect(204)
    reply = here.visit("GET", "/")
    assert reply.status == (404 if either.server.emulator.config.appwrite == "1.9" else 401)
    assert either.get("/proxy/rules").json["total"] == 0
