"""The catalogue of templates, in the order and shape of each era."""

from __future__ import annotations

import pytest

from .server import Json, Project, Server, names

FIELDS = [
    "icon", "id", "name", "tagline", "permissions", "events", "cron", "timeout", "useCases",
    "runtimes", "instructions", "vcsProvider", "providerRepositoryId", "providerOwner",
    "providerVersion", "variables", "scopes",
]  # fmt: skip
PATH = "/functions/templates"
MISSING = (
    404,
    "function_template_not_found",
    "Function Template with the requested ID could not be found.",
)


def _all(project: Project) -> list[Json]:
    templates: list[Json] = project.get(PATH, limit="5000").expect(200)["templates"]
    return templates


def _is_16(project: Project) -> bool:
    return project.server.emulator.config.appwrite == "1.6"


def test_1_6_has_39_templates_in_the_order_of_its_catalogue(server_16: Server) -> None:
    templates = _all(server_16.project())
    assert len(templates) == 39
    assert names(templates, "id")[:4] == [
        "starter", "query-upstash-vector", "query-redis-labs", "query-neo4j-auradb",
    ]  # fmt: skip
    assert names(templates, "id")[-1] == "payments-with-lemon-squeezy"
    assert all(list(template) == FIELDS for template in templates)
    assert "sign-in-with-apple" not in names(templates, "id")


def test_1_9_has_40_templates_and_the_best_come_first(server: Server) -> None:
    templates = _all(server.project())
    assert len(templates) == 40
    assert names(templates, "id")[:5] == [
        "payments-with-stripe", "prompt-chatgpt", "generate-pdf", "email-contact-form",
        "discord-command-bot",
    ]  # fmt: skip
    assert names(templates, "score") == sorted(names(templates, "score"), reverse=True)
    assert all(list(template) == [*FIELDS, "score"] for template in templates)


def test_nothing_in_a_template_is_missing(either: Project) -> None:
    for template in _all(either):
        assert template["runtimes"]
        assert template["tagline"]
        for runtime in template["runtimes"]:
            assert list(runtime) == ["name", "commands", "entrypoint", "providerRootDirectory"]
            assert runtime["providerRootDirectory"].startswith(runtime["name"].split("-")[0] + "/")
        for variable in template["variables"]:
            secret = [] if _is_16(either) else ["secret"]
            fields = ["name", "description", "value", *secret, "placeholder", "required", "type"]
            assert list(variable) == fields
            assert variable["type"] in ("password", "url", "text", "email", "number", "phone")
            assert all(value is not None for value in variable.values())


def test_the_starter_is_as_documented(either: Project) -> None:
    starter = either.get(f"{PATH}/starter").expect(200)
    assert list(starter) == FIELDS
    assert starter["providerVersion"] == ("0.2.*" if _is_16(either) else "0.3.*")
    assert starter["scopes"] == ["users.read"]
    assert starter["permissions"] == ["any"]
    assert (starter["useCases"], starter["variables"], starter["timeout"]) == (["starter"], [], 15)
    runtimes = {runtime["name"]: runtime for runtime in starter["runtimes"]}
    assert runtimes["node-22"] == {
        "name": "node-22",
        "commands": "npm install",
        "entrypoint": "src/main.js",
        "providerRootDirectory": "node/starter",
    }
    assert runtimes["go-1.23"]["commands"] == ""
    assert ("node-25" in runtimes) is not _is_16(either)
    order = [name.split("-")[0] for name in runtimes]
    languages = "node python dart go php bun ruby deno" if _is_16(either) else (
        "node python dart go php deno bun ruby"
    )  # fmt: skip
    assert list(dict.fromkeys(order)) == languages.split()


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("query-neo4j-auradb", {"icon": "icon-neo4j", "useCases": ["databases"]}),
        ("generate-with-replicate", {"timeout": 300, "providerOwner": "appwrite"}),
        ("image-classification-with-huggingface", {"events": ["buckets.*.files.*.create"]}),
        ("subscriptions-with-stripe", {"scopes": ["users.read", "sessions.write", "users.write"]}),
    ],
)
def test_templates_say_what_their_functions_need(
    either: Project, id: str, expected: dict[str, Json]
) -> None:
    template = either.get(f"{PATH}/{id}").expect(200)
    assert {key: template[key] for key in expected} == expected


def test_setup_commands_and_variables_are_those_of_the_template(project: Project) -> None:
    bot = project.get(f"{PATH}/discord-command-bot").expect(200)
    commands = {each["name"].split("-")[0]: each["commands"] for each in bot["runtimes"]}
    assert commands == {
        "node": "npm install && npm run setup",
        "python": "pip install -r requirements.txt && python src/setup.py",
        "go": "",
    }
    chat = project.get(f"{PATH}/prompt-chatgpt").expect(200)["variables"]
    assert names(chat, "name") == ["OPENAI_API_KEY", "OPENAI_MAX_TOKENS"]
    assert (chat[1]["value"], chat[1]["required"], chat[1]["type"]) == ("512", False, "number")


def test_tables_joined_the_scopes_in_1_9(server: Server, server_16: Server) -> None:
    path = f"{PATH}/sync-with-algolia"
    old = server_16.project().get(path).expect(200)["scopes"]
    new = server.project().get(path).expect(200)["scopes"]
    assert old == ["databases.read", "collections.read", "documents.read"]
    assert set(new) - set(old) == {"tables.read", "rows.read"}


def test_both_filters_must_match(either: Project) -> None:
    def ids(**filters: str) -> set[str]:
        found = either.get(PATH, **{"limit": "5000", **filters}).expect(200)["templates"]
        return set(names(found, "id"))

    messaging = ids(**{"useCases[]": "messaging"})
    php = ids(**{"runtimes[]": "php-8.3"})
    assert {"whatsapp-with-vonage", "discord-command-bot"} < messaging
    assert {"whatsapp-with-vonage", "starter"} < php
    assert ids(**{"useCases[]": "messaging", "runtimes[]": "php-8.3"}) == messaging & php
    assert messaging & php == {"whatsapp-with-vonage"}
    several = {"useCases[0]": "starter", "useCases[1]": "ai", "runtimes[0]": "node-22"}
    assert ids(**several) == ids(**{"useCases[]": "starter"}) | {
        id for id in ids(**{"useCases[]": "ai"}) if id != "sign-in-with-apple"
    }


def test_use_cases_may_be_written_in_capitals(either: Project) -> None:
    small = either.get(PATH, **{"useCases[]": "dev-tools"}).expect(200)
    assert names(small["templates"], "id") == ["github-issue-bot"]
    assert either.get(PATH, **{"useCases[]": "Dev-Tools"}).expect(200) == small


def test_a_page_is_cut_out_of_the_list(either: Project) -> None:
    everything = names(_all(either), "id")
    first = either.get(PATH).expect(200)
    assert names(first["templates"], "id") == everything[:25]
    page = either.get(PATH, limit="3", offset="2").expect(200)
    assert names(page["templates"], "id") == everything[2:5]
    assert page["total"] == (3 if _is_16(either) else 40)
    beyond = either.get(PATH, offset="100").expect(200)
    assert beyond == {"total": 0 if _is_16(either) else 40, "templates": []}


def test_the_total_need_not_be_counted(project: Project) -> None:
    page = project.get(PATH, total="false", limit="1").expect(200)
    assert (page["total"], len(page["templates"])) == (0, 1)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("limit", "5001", "Value must be a valid range between 1 and 5,000"),
        ("limit", "0", "Value must be a valid range between 1 and 5,000"),
        ("offset", "5001", "Value must be a valid range between 0 and 5,000"),
        ("offset", "-1", "Value must be a valid range between 0 and 5,000"),
        ("useCases[]", "nonsense", "Value must a valid array no longer than 100 items and Value"),
        ("runtimes[]", "node-1", "Value must a valid array no longer than 100 items and Value"),
        ("runtimes", "node-22", "Value must a valid array no longer than 100 items and Value"),
    ],
)
def test_wrong_parameters_are_refused(either: Project, name: str, value: str, text: str) -> None:
    status, type, message = either.get(PATH, **{name: value}).error
    assert (status, type) == (400, "general_argument_invalid")
    assert message.startswith(f"Invalid `{name.removesuffix('[]')}` param: {text}")


def test_only_1_9_knows_templates_for_signing_in(server: Server, server_16: Server) -> None:
    found = server.project().get(PATH, **{"useCases[]": "auth"}).expect(200)["templates"]
    assert names(found, "id") == ["sign-in-with-apple"]
    assert (
        server_16.project()
        .get(PATH, **{"useCases[]": "auth"})
        .error[2]
        .endswith("(dev-tools, starter, databases, ai, messaging, utilities)")
    )
    assert server_16.project().get(f"{PATH}/sign-in-with-apple").error == MISSING


def test_an_unknown_template_is_not_found(either: Project) -> None:
    for id in ("unknown", "a b", "x" * 128):
        assert either.get(f"{PATH}/{id}").error == MISSING
    assert either.get(f"{PATH}/{'x' * 129}").error[2] == (
        "Invalid `templateId` param: Value must be a valid string and at least 1 chars and no "
        "longer than 128 chars"
    )


def test_every_listed_template_can_be_had(either: Project) -> None:
    for template in _all(either):
        template.pop("score", None)
        assert either.get(f"{PATH}/{template['id']}").expect(200) == template


def test_everybody_with_a_project_may_look(either: Project, strict: Server) -> None:
    assert either.guest.get(PATH).expect(200) == either.get(PATH).expect(200)
    assert either.guest.get(f"{PATH}/starter").status == 200
    assert either.having(x_appwrite_project=None).guest.get(PATH).error[1] == (
        "general_access_forbidden"
    )
    runner = strict.project("home").having(x_appwrite_key="runner")
    assert runner.get(PATH).status == 200
    assert strict.project("nowhere").get(PATH).error[1] == "project_not_found"


def test_formats_before_1_7_know_no_secret_variables(project: Project) -> None:
    for format, has in (("1.6.0", False), ("1.7.0", True)):
        variable = project.at(format).get(f"{PATH}/generate-with-fal-ai").json["variables"][0]
        assert ("secret" in variable) is has
