"""Rules: domains of functions, redirects and the API, in the words of both eras."""

from __future__ import annotations

from pathlib import Path

import pytest

from appwrite_emulator.config import Config, ConfigError

from .server import Json, Project, Server, names, serving

ERA_17 = [
    "$id", "$createdAt", "$updatedAt", "domain", "type", "trigger", "redirectStatusCode",
    "deploymentId", "deploymentResourceType", "deploymentResourceId",
    "deploymentVcsProviderBranch", "resourceType", "resourceId", "redirectUrl", "status", "logs",
    "renewAt",
]  # fmt: skip
ERA_16 = [
    "$id", "$createdAt", "$updatedAt", "domain", "resourceType", "resourceId", "redirectUrl",
    "status", "logs", "renewAt",
]  # fmt: skip
NOT_ALLOWED = "This domain name is not allowed. Please use a different domain."
NOT_FOUND = (
    404,
    "rule_not_found",
    "Rule with the requested ID could not be found. Please check if the ID provided is correct or "
    "if the rule actually exists.",
)
NO_RESOURCE = (
    404,
    "rule_resource_not_found",
    "Resource could not be found. Please check if the resourceId and resourceType are correct, or "
    "if the resource actually exists.",
)
TAKEN = (
    409,
    "rule_already_exists",
    "Domain is already used. Please try again with a different domain.",
)


def equal(attribute: str, *values: str) -> Json:
    return {"method": "equal", "attribute": attribute, "values": list(values)}


def _rules(project: Project, *queries: Json, **params: str) -> list[Json]:
    found: list[Json] = project.get("/proxy/rules", *queries, **params).expect(200)["rules"]
    return found


def _domain(project: Project, prefix: str = "www") -> str:
    return f"{prefix}.{project.id}.example"


def _redirect(project: Project, **changes: Json) -> Json:
    return {
        "domain": _domain(project, "old"),
        "url": "https://new.example",
        "statusCode": 302,
        "resourceId": "f",
        "resourceType": "function",
        **changes,
    }


def test_a_function_has_a_domain_from_the_start(either: Project) -> None:
    function = f"F.{either.id[:8]}"  # no label of a domain
    either.function(function)
    either.function(either.id)
    first, second = _rules(either.at("1.9.0"))
    label, _, rest = first["domain"].partition(".")
    assert rest == "functions.localhost"
    assert len(label) == 20
    assert set(label) <= set("0123456789abcdef")
    assert second["domain"] == f"{either.id}.functions.localhost"
    assert (first["trigger"], first["type"]) == ("manual", "deployment")
    assert first["status"] == second["status"] == "verified"


def test_a_domain_is_in_lower_case_and_of_one_project_only(server: Server) -> None:
    one, other = server.project(), server.project()
    id = f"Case-{one.id}"
    one.function(id)
    other.function(id)
    assert _rules(one)[0]["domain"] == f"{id.lower()}.functions.localhost"
    assert _rules(other)[0]["domain"] != _rules(one)[0]["domain"]
    assert names(_rules(other), "resourceId") == [id]


@pytest.mark.parametrize("id", ["a_b", "a.b", "a-", "unique()"])
def test_an_id_that_is_no_label_gets_a_domain_all_the_same(project: Project, id: str) -> None:
    project.function(id)
    domain = _rules(project)[0]["domain"]
    assert len(domain.removesuffix(".functions.localhost")) == 20


def test_a_rule_has_the_fields_of_the_format(project: Project) -> None:
    project.function()
    active = project.deploy("f", {"main.py": "def main(c):\n    return c.res.empty()\n"})["$id"]
    for format, fields in ((None, ERA_17), ("1.7.0", ERA_17), ("1.8.1", ERA_17),
                           ("2.5.0", ERA_17), ("1.6.0", ERA_16), ("1.5.0", ERA_16)):  # fmt: skip
        rule = _rules(project.at(format))[0]
        assert list(rule) == fields
        assert None not in rule.values()
        assert project.at(format).get(f"/proxy/rules/{rule['$id']}").expect(200) == rule
    assert (rule["resourceType"], rule["resourceId"]) == ("function", "f")
    rule = _rules(project)[0]
    assert (rule["deploymentResourceType"], rule["deploymentResourceId"]) == ("function", "f")
    assert rule["deploymentId"] == active
    assert (rule["redirectUrl"], rule["redirectStatusCode"]) == ("", 301)
    assert rule["logs"] == rule["renewAt"] == rule["deploymentVcsProviderBranch"] == ""


def test_a_rule_names_the_deployment_of_now(project: Project) -> None:
    project.function()
    assert _rules(project)[0]["deploymentId"] == ""
    code = {"main.py": "def main(c):\n    return c.res.empty()\n"}
    first, second = (project.deploy("f", code)["$id"] for _ in range(2))
    assert _rules(project)[0]["deploymentId"] == second
    project.patch("/functions/f/deployment", {"deploymentId": first}).expect(200)
    assert _rules(project)[0]["deploymentId"] == first
    assert _rules(project, equal("deploymentId", second)) == []
    assert len(_rules(project, equal("deploymentId", first))) == 1
    project.delete(f"/functions/f/deployments/{first}").expect(204)
    assert _rules(project)[0]["deploymentId"] == ""


def test_a_domain_for_a_function_is_made_in_the_form_of_1_9(either: Project) -> None:
    either.function()
    given = {"domain": _domain(either).upper(), "functionId": "f", "branch": "main"}
    rule = either.at("1.9.0").post("/proxy/rules/function", given).expect(201)
    assert list(rule) == ERA_17
    assert rule["domain"] == _domain(either)
    assert rule["deploymentVcsProviderBranch"] == "main"
    below = {"domain": f"{either.id}-x.functions.localhost", "functionId": "f"}
    assert either.post("/proxy/rules/function", below).expect(201)["domain"] == below["domain"]
    assert len(_rules(either)) == 3


def test_a_domain_is_made_in_the_form_of_1_6(either: Project) -> None:
    old = either.at("1.6.0")
    either.function()
    given = {"domain": _domain(either), "resourceType": "function", "resourceId": "f"}
    rule = old.post("/proxy/rules", given).expect(201)
    assert list(rule) == ERA_16
    assert (rule["resourceType"], rule["resourceId"]) == ("function", "f")
    api = {"domain": _domain(either, "api"), "resourceType": "api"}
    rule = old.post("/proxy/rules", api).expect(201)
    assert (rule["resourceType"], rule["resourceId"]) == ("api", "")


def test_a_redirect_is_made(either: Project) -> None:
    either.function()
    new = either.at("1.9.0")
    rule = new.post("/proxy/rules/redirect", _redirect(either)).expect(201)
    assert (rule["type"], rule["redirectUrl"]) == ("redirect", "https://new.example")
    assert (rule["redirectStatusCode"], rule["deploymentId"]) == (302, "")
    assert (rule["deploymentResourceType"], rule["deploymentResourceId"]) == ("function", "f")
    again = _redirect(either, domain=_domain(either, "older"), statusCode="308")
    assert new.post("/proxy/rules/redirect", again).expect(201)["redirectStatusCode"] == 308


def test_a_domain_for_the_api_is_made(either: Project) -> None:
    rule = either.at("1.9.0").post("/proxy/rules/api", {"domain": _domain(either)}).expect(201)
    assert (rule["type"], rule["resourceType"]) == ("api", "api")
    assert rule["deploymentResourceType"] == rule["deploymentResourceId"] == ""


def test_verifying_tells_what_is_verified_already(project: Project) -> None:
    project.function()
    rule = _rules(project)[0]
    assert project.patch(f"/proxy/rules/{rule['$id']}/verification").expect(200) == rule


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/function", {"functionId": "f"}, 'Param "domain" is not optional.'),
        ("/function", {"domain": "a.example"}, 'Param "functionId" is not optional.'),
        ("/api", {}, 'Param "domain" is not optional.'),
        ("", {"domain": "a.example"}, 'Param "resourceType" is not optional.'),
        ("", {"domain": "a.example", "resourceType": "site"},
         "Invalid `resourceType` param: Value must be one of (api, function)"),
        ("/redirect", {"domain": "a.example", "url": "x"},
         "Invalid `url` param: Value must be a valid URL"),
        ("/redirect", {"domain": "a.example", "url": "https://x.example/\r\nx: y"},
         "Invalid `url` param: Value must be a valid URL"),
        ("/redirect", {"domain": "a.example", "url": "https://é.example/"},
         "Invalid `url` param: Value must be a valid URL"),
        ("/redirect", {"domain": "a.example", "url": "https://x.example", "statusCode": 303},
         "Invalid `statusCode` param: Value must be one of (301, 302, 307, 308)"),
        ("/redirect", {"domain": "a.example", "url": "https://x.example", "statusCode": 301},
         'Param "resourceId" is not optional.'),
    ],
)  # fmt: skip
def test_parameters_are_checked(project: Project, path: str, body: Json, message: str) -> None:
    project.function()
    error = project.post(f"/proxy/rules{path}", body).error
    assert error == (400, "general_argument_invalid", message)


@pytest.mark.parametrize(
    "domain",
    ["", "-a.example", "a-.example", "a..example", ".example", "example.", "a b", "http://a.ex",
     "a.example/x", "a.example:80", "a_b.example", "x" * 64 + ".example", "é.example",
     "a@b.example", "a." * 126 + "ab", 7, ["a.example"]],
)  # fmt: skip
def test_a_domain_must_be_one(project: Project, domain: Json) -> None:
    project.function()
    for path, more in (("/function", {"functionId": "f"}), ("/api", {})):
        error = project.post(f"/proxy/rules{path}", {"domain": domain, **more}).error
        assert error == (
            400,
            "general_argument_invalid",
            "Invalid `domain` param: Value must be a valid domain",
        )


@pytest.mark.parametrize(
    "domain",
    ["localhost", "LOCALHOST", "127.0.0.1", "10.0.0.1", "functions.localhost",
     "a.b.functions.localhost", "a.functions.Localhost.functions.localhost"],
)  # fmt: skip
def test_domains_of_the_emulator_itself_cannot_be_had(project: Project, domain: str) -> None:
    project.function()
    for path, body in (
        ("/function", {"functionId": "f"}),
        ("/api", {}),
        ("/redirect", _redirect(project)),
    ):
        error = project.post(f"/proxy/rules{path}", {**body, "domain": domain}).error
        assert error == (400, "general_argument_invalid", NOT_ALLOWED)
    assert project.get("/functions").status == 200


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ("functions.localhost", "You cannot assign your functions domain or its subdomain to a "
         "specific resource. Please use a different domain."),
        ("mine.functions.localhost", "You cannot assign your functions domain or its subdomain to "
         "a specific resource. Please use a different domain."),
        ("localhost", "This domain name is not allowed. Please pick another one."),
        ("127.0.0.1", "You cannot assign your main domain to specific resource. Please use "
         "subdomain or a different domain."),
    ],
)  # fmt: skip
def test_1_6_says_why_a_domain_cannot_be_had(project: Project, domain: str, message: str) -> None:
    given = {"domain": domain, "resourceType": "api"}
    assert project.post("/proxy/rules", given).error == (400, "general_argument_invalid", message)


def test_a_host_that_was_configured_cannot_be_had() -> None:
    with serving(memory=True, hosts=("box.example",)) as server:
        error = server.project().post("/proxy/rules/api", {"domain": "box.example"}).error
        assert error[2] == NOT_ALLOWED


def test_a_rule_needs_what_it_is_for(project: Project) -> None:
    project.function()
    domain = _domain(project)
    given = {"domain": domain, "functionId": "nothing"}
    assert project.post("/proxy/rules/function", given).error == NO_RESOURCE
    for changes in ({"resourceId": "nothing"}, {"resourceType": "site"}):
        error = project.post("/proxy/rules/redirect", _redirect(project, **changes)).error
        assert error == NO_RESOURCE
    old: Json = {"domain": domain, "resourceType": "function", "resourceId": "nothing"}
    assert project.post("/proxy/rules", old).error == NO_RESOURCE
    del old["resourceId"]
    assert project.post("/proxy/rules", old).error[:2] == (404, "function_not_found")
    assert len(_rules(project)) == 1


def test_a_domain_has_one_rule_in_all_projects(server: Server) -> None:
    one, other = server.project(), server.project()
    one.function()
    other.function()
    given = {"domain": _domain(one), "functionId": "f"}
    one.post("/proxy/rules/function", given).expect(201)
    for project in (one, other):
        again = {**given, "domain": _domain(one).upper()}
        assert project.post("/proxy/rules/function", again).error == TAKEN
        assert project.post("/proxy/rules/api", {"domain": _domain(one)}).error == TAKEN
    old = {"domain": _domain(one), "resourceType": "api"}
    assert one.post("/proxy/rules", old).error == (
        409, TAKEN[1], "Domain already assigned to 'function' service with ID 'f'."
    )  # fmt: skip
    assert other.post("/proxy/rules", old).error == (
        409, TAKEN[1], "Domain already assigned to different project."
    )  # fmt: skip
    api = {"domain": _domain(one, "api"), "resourceType": "api"}
    one.post("/proxy/rules", api).expect(201)
    assert one.post("/proxy/rules", api).error[2] == "Domain already assigned to 'api' service."


def test_a_rule_is_of_its_project_only(server: Server) -> None:
    one, other = server.project(), server.project()
    one.function()
    id = _rules(one)[0]["$id"]
    assert _rules(other) == []
    for method, path in (("GET", ""), ("DELETE", ""), ("PATCH", "/verification")):
        assert other.call(method, f"/proxy/rules/{id}{path}").error == NOT_FOUND
    one.delete(f"/proxy/rules/{id}").expect(204)
    assert one.get(f"/proxy/rules/{id}").error == NOT_FOUND
    assert one.delete(f"/proxy/rules/{id}").error == NOT_FOUND


def test_a_domain_is_free_again_when_its_rule_is_gone(project: Project) -> None:
    given = {"domain": _domain(project)}
    for _ in range(2):
        rule = project.post("/proxy/rules/api", given).expect(201)
        project.delete(f"/proxy/rules/{rule['$id']}").expect(204)


@pytest.mark.parametrize(
    ("queries", "found"),
    [
        ([equal("domain", "DOMAIN")], ["www"]),
        ([equal("resourceType", "function")], ["f", "www", "old"]),
        ([equal("resourceType", "api")], ["api"]),
        ([equal("resourceType", "function"), equal("resourceId", "f"),
          {"method": "limit", "values": [1]}], ["f"]),
        ([equal("resourceId", "g")], []),
        ([equal("url", "https://new.example")], ["old"]),
        ([equal("type", "deployment")], ["f", "www"]),
        ([equal("type", "redirect", "api")], ["old", "api"]),
        ([equal("trigger", "manual"), equal("deploymentResourceType", "function"),
          equal("deploymentResourceId", "f")], ["f", "www", "old"]),
        ([equal("deploymentResourceType", "")], ["api"]),
        ([equal("deploymentVcsProviderBranch", "dev")], ["www"]),
        ([{"method": "orderDesc", "attribute": "type"}], ["old", "f", "www", "api"]),
        ([{"method": "orderAsc", "attribute": "resourceType"}, {"method": "offset", "values": [1]}],
         ["f", "www", "old"]),
    ],
)  # fmt: skip
def test_lists_know_the_names_of_both_eras(
    either: Project, queries: list[Json], found: list[str]
) -> None:
    either.function("f")
    www = {"domain": _domain(either), "functionId": "f", "branch": "dev"}
    either.post("/proxy/rules/function", www).expect(201)
    either.post("/proxy/rules/redirect", _redirect(either)).expect(201)
    either.post("/proxy/rules/api", {"domain": _domain(either, "api")}).expect(201)
    first = _rules(either)[0]["domain"]
    wanted = [query | {"values": [_domain(either)]} if query.get("values") == ["DOMAIN"] else query
              for query in queries]  # fmt: skip
    domains = names(_rules(either, *wanted), "domain")
    assert domains == [first if name == "f" else _domain(either, name) for name in found]


def test_lists_are_counted_searched_and_paged(project: Project) -> None:
    for number in range(3):
        project.function(f"f{number}-{project.id}")
    listed = project.get("/proxy/rules", {"method": "limit", "values": [2]}).expect(200)
    assert (listed["total"], len(listed["rules"])) == (3, 2)
    assert project.get("/proxy/rules", total="false").expect(200)["total"] == 0
    assert names(_rules(project, search="f1"), "resourceId") == [f"f1-{project.id}"]
    cursor = {"method": "cursorAfter", "values": [listed["rules"][1]["$id"]]}
    order = {"method": "orderAsc", "attribute": "resourceId"}
    assert names(_rules(project, order, cursor), "resourceId") == [f"f2-{project.id}"]
    missing = project.get("/proxy/rules", {"method": "cursorAfter", "values": ["none"]}).error
    assert missing == (
        400, "general_cursor_not_found", "Rule 'none' for the 'cursor' value not found."
    )  # fmt: skip
    unknown = project.get("/proxy/rules", equal("status", "verified")).error
    assert unknown[1] == "general_argument_invalid"


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "", "rules.read"),
        ("GET", "/x", "rules.read"),
        ("POST", "", "rules.write"),
        ("POST", "/function", "rules.write"),
        ("POST", "/redirect", "rules.write"),
        ("POST", "/api", "rules.write"),
        ("PATCH", "/x/verification", "rules.write"),
        ("DELETE", "/x", "rules.write"),
    ],
)
def test_guests_may_not(project: Project, method: str, path: str, scope: str) -> None:
    error = project.guest.call(method, f"/proxy/rules{path}", {}).error
    assert error == (
        401,
        "general_unauthorized_scope",
        f'User (role: guests) missing scopes (["{scope}"])',
    )


def test_deleting_a_function_deletes_its_rules(project: Project) -> None:
    project.function()
    project.function("g")
    for path, body in (("function", {"domain": _domain(project), "functionId": "f"}),
                       ("redirect", _redirect(project))):  # fmt: skip
        project.post(f"/proxy/rules/{path}", body).expect(201)
    project.delete("/functions/f").expect(204)
    assert names(_rules(project), "resourceId") == ["g"]


def test_a_refused_function_gets_no_domain(project: Project) -> None:
    project.function()
    again = {"functionId": "f", "name": "f", "runtime": "node-22"}
    assert project.post("/functions", again).status == 409
    assert len(_rules(project)) == 1


def test_another_functions_domain_can_be_chosen() -> None:
    with serving(memory=True, functions_domain="fn.example.com") as server:
        project = server.project()
        project.function()
        assert _rules(project)[0]["domain"] == "f.fn.example.com"
        page = server.call("GET", "/", {"host": "x.fn.example.com"})
        assert (page.status, page.header("content-type")) == (404, "text/html; charset=UTF-8")
        free = {"domain": "mine.functions.localhost", "functionId": "f"}
        project.post("/proxy/rules/function", free).expect(201)


@pytest.mark.parametrize("appwrite", ["1.9", "1.6"])
def test_the_emulators_own_names_are_never_a_functions(appwrite: str) -> None:
    """Not even those below the functions domain: neither by themselves nor by a function's id."""
    own = ("apps.example.com", "api.apps.example.com")
    options = {"appwrite": appwrite, "functions_domain": "apps.example.com", "hosts": own}
    with serving(memory=True, **options) as server:
        project = server.project()
        project.function("api")
        assert _rules(project)[0]["domain"] not in own
        for host in own:
            reply = server.call("GET", "/v1/health/version", {"host": f"{host}:9080"})
            assert reply.expect(200)["version"].startswith(appwrite)


def test_a_domain_that_was_deleted_does_not_come_back(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with serving(state=state) as server:
        project = server.project("p")
        project.function()
        project.delete(f"/proxy/rules/{_rules(project)[0]['$id']}").expect(204)
    with serving(state=state) as server:
        assert _rules(server.project("p")) == []


def test_a_name_that_became_the_emulators_is_its_own(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with serving(state=state) as server:
        project = server.project("p")
        project.function()
        rule = {"domain": "www.example.com", "functionId": "f"}
        project.post("/proxy/rules/function", rule).expect(201)
    with serving(state=state, hosts=("www.example.com",)) as server:
        server.call("GET", "/v1/health/version", {"host": "www.example.com"}).expect(200)


@pytest.mark.parametrize(
    "domain",
    ["", "localhost", "a..b", ".a.b", "-a.b", "a.b.", "A.b", "a.b:80", "127.0.0.1", "a b.c"],
)
def test_a_functions_domain_must_be_one(domain: str) -> None:
    with pytest.raises(ConfigError, match="functions_domain has"):
        Config(functions_domain=domain)


def test_a_restore_and_a_reset_take_rules_along() -> None:
    with serving(memory=True) as server:
        project, other = server.project(), server.project()
        other.function("o")
        control = server.emulator.control
        before = server.run(control.snapshot)
        project.function()
        name = "f.functions.localhost"
        given = {"domain": "there.localhost", "functionId": "f"}
        project.post("/proxy/rules/function", given).expect(201)
        assert server.call("GET", "/", {"host": "there.localhost"}).status == 404
        project.post("/proxy/rules/api", {"domain": "api.example"}).expect(201)
        assert project.having(host="api.example").get("/functions").status == 200
        server.run(control.restore, before.id)
        refused = project.having(host="api.example").get("/functions")
        assert refused.error[1] == "general_access_forbidden"
        api = server.call("GET", "/", {"host": "there.localhost"})
        assert api.error[1] == "general_route_not_found"
        assert "Nothing is here yet" in server.call("GET", "/", {"host": name}).body.decode()
        assert names(_rules(other), "resourceId") == ["o"]
        server.run(control.reset, other.id)
        assert _rules(other) == []
