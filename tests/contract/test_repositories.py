"""Deployments of code that lies in repositories: templates, and what functions are connected to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appwrite_emulator.config import Repository

from .. import gits
from .server import Json, Project, Server, serving

TELL = """
import os


def main(context):
    return context.res.json({k: v for k, v in os.environ.items() if k.startswith("APPWRITE_VCS_")})
"""
CONNECTION = {
    "installationId": "local", "providerRepositoryId": "ada/engine", "providerBranch": "main",
}  # fmt: skip
FUNCTION = {"functionId": "f", "name": "f", "runtime": "python-3.12", "entrypoint": "main.py"}
OLD_TEMPLATE = {
    "templateOwner": "appwrite", "templateRepository": "templates",
    "templateRootDirectory": "python/starter", "templateVersion": "0.2.*",
}  # fmt: skip
RED = "\n\x1b[31m"


def say(text: str) -> str:
    return f"def main(context):\n    return context.res.text({text!r})\n"


@dataclass(frozen=True)
class Places:
    """Repositories of this module, which no test changes, and commits in them."""

    templates: Path
    engine: Path
    plain: Path
    hash: str  # the last of engine's main

    @property
    def declared(self) -> tuple[Repository, ...]:
        return (
            Repository("appwrite", "templates", self.templates),
            Repository("ada", "engine", self.engine),
            Repository("ada", "plain", self.plain),
            Repository("ada", "nowhere", self.plain / "nowhere"),
        )


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    folder = tmp_path_factory.mktemp("repositories")
    templates = gits.repository(folder / "templates", {"python/starter/main.py": say("0.2.9")})
    gits.git(templates, "tag", "0.2.9")
    gits.commit(templates, {"python/starter/main.py": say("0.2.8")}, "Later, but lower")
    gits.git(templates, "tag", "-a", "0.2.8", "-m", "annotated")
    gits.commit(templates, {"python/starter/main.py": say("main"), "README.md": "x"}, "Newest")
    engine = gits.repository(folder / "engine", {"main.py": TELL, "api/main.py": say("api")})
    gits.git(engine, "checkout", "-q", "-b", "feature/x")
    gits.commit(engine, {"main.py": say("feature")}, "Differ")
    gits.git(engine, "checkout", "-q", "main")
    hash = gits.commit(engine, {"notes": "n"}, f"Say more\n\n{'w' * 300}\n")
    plain = gits.write(folder / "plain", {"main.py": say("plain"), "lib/.git/config": "x"})
    return Places(templates, engine, plain, hash)


@pytest.fixture(scope="module")
def local(places: Places) -> Iterator[Server]:
    """Knows the repositories."""
    with serving(memory=True, repositories=places.declared) as running:
        yield running


@pytest.fixture(scope="module")
def local_16(places: Places) -> Iterator[Server]:
    """The same, in the older era."""
    with serving(memory=True, repositories=places.declared, appwrite="1.6") as running:
        yield running


@pytest.fixture
def here(local: Server) -> Project:
    return local.project()


@pytest.fixture(params=["1.9", "1.6"])
def either_here(request: pytest.FixtureRequest) -> Project:
    name = "local" if request.param == "1.9" else "local_16"
    running: Server = request.getfixturevalue(name)
    return running.project()


def template(**changes: Json) -> Json:
    wanted = {
        "owner": "appwrite", "repository": "templates", "rootDirectory": "python/starter",
        "type": "branch", "reference": "main", "activate": True,
    }  # fmt: skip
    return wanted | changes


def deployed(project: Project, **changes: Json) -> Json:
    """The deployment of a template once its build has ended."""
    made = project.post("/functions/f/deployments/template", template(**changes)).expect(202)
    return project.built("f", made["$id"])


def only(project: Project) -> Json:
    """The function's only deployment once its build has ended."""
    (made,) = project.get("/functions/f/deployments").json["deployments"]
    return project.built("f", made["$id"])


def connected(project: Project, **changes: Json) -> Json:
    """Connect a new function to its repository; its deployment once that has ended."""
    project.function()
    project.put("/functions/f", {"name": "f", **CONNECTION, **changes}).expect(200)
    return only(project)


@pytest.mark.parametrize(
    ("type", "reference", "said"),
    [
        ("branch", "main", "main"),
        ("tag", "0.2.8", "0.2.8"),
        ("tag", "0.2.*", "0.2.9"),
        ("commit", "", "0.2.9"),
    ],
)
def test_a_template_is_deployed_from_its_repository(
    here: Project, places: Places, type: str, reference: str, said: str
) -> None:
    here.function()
    reference = reference or gits.git(places.templates, "rev-parse", "0.2.9")
    made = deployed(here, type=type, reference=reference)
    assert (made["status"], made["type"], made["activate"]) == ("ready", "vcs", True)
    url = "https://github.com/appwrite/templates"
    assert made["providerRepositoryOwner"] == "appwrite"
    assert made["providerRepositoryName"] == "templates"
    assert made["providerRepositoryUrl"] == url
    assert made["providerBranch"] == ("main" if type == "branch" else "")
    assert made["providerBranchUrl"] == f"{url}/blob/{reference}"
    assert made["providerCommitHash"] == ""
    assert made["sourceSize"] > 0
    assert made["totalSize"] == made["sourceSize"] + made["buildSize"]
    assert here.execute("f")["responseBody"] == said
    assert here.get(f"/functions/f/deployments/{made['$id']}/download").status == 200


def test_the_reply_comes_before_the_code(here: Project) -> None:
    here.function()
    made = here.post("/functions/f/deployments/template", template()).expect(202)
    assert (made["status"], made["sourceSize"], made["buildLogs"]) == ("waiting", 0, "")
    assert here.get("/functions/f").json["latestDeploymentId"] == made["$id"]


def test_a_version_is_a_tag_for_older_clients(here: Project) -> None:
    here.function()
    body = {k: v for k, v in template(version="0.2.8").items() if k not in ("type", "reference")}
    made = here.at("1.8.0").post("/functions/f/deployments/template", body).expect(202)
    assert here.built("f", made["$id"])["status"] == "ready"
    assert here.execute("f")["responseBody"] == "0.2.8"


def test_a_1_6_client_names_a_template_with_the_function(either_here: Project) -> None:
    body = {**FUNCTION, "execute": ["any"], **OLD_TEMPLATE}
    made = either_here.at("1.6.0").post("/functions", body).expect(201)
    deployment = only(either_here)
    assert (deployment["type"], deployment["activate"]) == ("manual", True)
    assert (deployment["status"], deployment["providerRepositoryName"]) == ("ready", "")
    assert made["deployment"] == ""
    assert either_here.execute("f")["responseBody"] == "0.2.9"


def test_newer_clients_name_no_template_with_the_function(here: Project, local_16: Server) -> None:
    for project, count in ((here, 0), (local_16.project(), 1)):
        project.at("1.7.0").post("/functions", {**FUNCTION, **OLD_TEMPLATE}).expect(201)
        assert project.get("/functions/f/deployments").json["total"] == count
    incomplete = {**OLD_TEMPLATE, "templateVersion": "", "functionId": "g"}
    here.at("1.6.0").post("/functions", {**FUNCTION, **incomplete}).expect(201)
    assert here.get("/functions/g/deployments").json["total"] == 0


def test_a_function_without_entrypoint_cannot_be_deployed(here: Project) -> None:
    here.function(entrypoint="")
    made = deployed(here)
    assert made["status"] == "failed"
    assert made["buildLogs"].startswith(f"{RED}Entrypoint for your Appwrite Function is missing.")


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (
            {"owner": "else", "repository": "where"},
            "else/where is not on this machine, and nothing is fetched from elsewhere. Clone it "
            "and start the emulator with --repositories else/where=FOLDER.",
        ),
        ({"owner": ""}, "the function is not connected to a repository."),
        ({"owner": "ada", "repository": "nowhere"}, "there is no folder {plain}/nowhere, which"),
        ({"reference": "maim"}, "there is no branch 'maim' in {templates}. There are: main."),
        ({"reference": "--all"}, "there is no branch '--all' in {templates}."),
        ({"reference": "main~1"}, "there is no branch 'main~1' in {templates}."),
        ({"reference": "../heads/main"}, "there is no branch '../heads/main' in {templates}."),
        ({"reference": ""}, "there is no branch '' in {templates}."),
        ({"type": "tag"}, "there is no tag 'main' in {templates}. There are: 0.2.8, 0.2.9."),
        ({"type": "commit"}, "there is no commit 'main' in {templates}."),
        ({"type": "commit", "reference": "--all"}, "there is no commit '--all' in {templates}."),
        (
            {"type": "commit", "reference": "0123456"},
            "there is no commit '0123456' in {templates}.",
        ),
        ({"rootDirectory": "php"}, "there is no folder 'php' in branch 'main' of {templates}."),
        ({"rootDirectory": "python/../.."}, "the root directory 'python/../..' leads out of"),
    ],
)
def test_what_cannot_be_cloned_says_why(
    here: Project, places: Places, wanted: Json, reason: str
) -> None:
    here.function()
    made = deployed(here, **wanted)
    assert made["status"] == "failed"
    expected = reason.format(templates=places.templates, plain=places.plain)
    assert made["buildLogs"].startswith(f"{RED}Unable to clone code repository: {expected}")
    assert here.get("/functions/f").json["latestDeploymentStatus"] == "failed"
    assert here.get(f"/functions/f/deployments/{made['$id']}/download").status == 404


def test_without_declared_repositories_nothing_can_be_cloned(either: Project) -> None:
    either.function()
    made = deployed(either)
    text = made["buildLogs"].removeprefix(RED)
    assert text.startswith("Unable to clone code repository: appwrite/templates is not on this")
    error = either.put("/functions/f", {"name": "f", **CONNECTION}).error
    assert error[:2] == (404, "installation_not_found")


@pytest.mark.parametrize("root", ["api", "./api/", "/api", "api//."])
def test_the_root_directory_is_where_the_code_begins(here: Project, root: str) -> None:
    made = connected(here, providerRootDirectory=root)
    assert made["status"] == "ready"
    here.put("/functions/f", {"name": "f", "execute": ["any"]}).expect(200)
    assert here.execute("f")["responseBody"] == "api"


def test_a_function_that_is_connected_is_deployed(either_here: Project, places: Places) -> None:
    made = connected(either_here, execute=["any"])
    url = "https://github.com/ada/engine"
    message = f"Say more\n\n{'w' * 300}"[:252] + "..."
    assert (made["type"], made["activate"], made["status"]) == ("vcs", True, "ready")
    assert made["providerBranch"] == "main"
    assert made["providerBranchUrl"] == f"{url}/tree/main"
    assert made["providerCommitHash"] == places.hash
    assert made["providerCommitUrl"] == f"{url}/commit/{places.hash}"
    assert made["providerCommitAuthor"] == gits.AUTHOR
    assert (made["providerCommitAuthorUrl"], made["providerCommitMessage"]) == ("", message)
    answer = either_here.execute("f")
    assert answer["status"] == "completed"
    told = either_here.server.call(
        "POST", "/v1/functions/f/executions", dict(either_here.headers)
    ).json["responseBody"]
    for name, value in {
        "REPOSITORY_ID": "ada/engine", "REPOSITORY_NAME": "engine", "REPOSITORY_OWNER": "ada",
        "REPOSITORY_URL": url, "REPOSITORY_BRANCH": "main", "COMMIT_HASH": places.hash,
        "COMMIT_AUTHOR_NAME": gits.AUTHOR, "ROOT_DIRECTORY": "",
    }.items():  # fmt: skip
        assert f'"APPWRITE_VCS_{name}": "{value}"' in told.replace('":"', '": "')


def test_a_branch_or_commit_of_the_connected_repository_is_deployed(
    here: Project, places: Places
) -> None:
    connected(here, execute=["any"])
    path = "/functions/f/deployments/vcs"
    branch = here.post(path, {"type": "branch", "reference": "feature/x", "activate": True})
    made = here.built("f", branch.expect(202)["$id"])
    assert (made["providerBranch"], made["providerCommitMessage"]) == ("feature/x", "Differ")
    assert here.execute("f")["responseBody"] == "feature"
    short = here.post(path, {"type": "commit", "reference": places.hash[:8]}).expect(202)
    made = here.built("f", short["$id"])
    assert (made["status"], made["providerCommitHash"]) == ("ready", places.hash)
    assert (made["providerBranch"], made["providerBranchUrl"]) == ("", "")
    lost = here.post(path, {"type": "branch", "reference": "gone"}).expect(202)
    made = here.built("f", lost["$id"])
    assert (made["status"], made["providerBranch"]) == ("failed", "gone")
    assert "There are: feature/x, main." in made["buildLogs"]


def test_an_unconnected_function_has_no_branches(here: Project) -> None:
    here.function()
    body = {"type": "branch", "reference": "main"}
    made = here.post("/functions/f/deployments/vcs", body).expect(202)
    made = here.built("f", made["$id"])
    assert (made["status"], made["type"]) == ("failed", "vcs")
    assert "the function is not connected to a repository." in made["buildLogs"]


@pytest.mark.parametrize(("format", "count"), [("1.6.0", 1), ("1.7.0", 0), (None, 0)])
def test_older_clients_deploy_by_creating(here: Project, format: str | None, count: int) -> None:
    made = here.at(format).post("/functions", {**FUNCTION, **CONNECTION}).expect(201)
    assert (made["installationId"], made["providerRepositoryId"]) == ("local", "ada/engine")
    assert here.get("/functions/f/deployments").json["total"] == count
    if count:
        assert only(here)["status"] == "ready"


def test_1_6_deploys_by_creating_whoever_asks(local_16: Server) -> None:
    project = local_16.project().at("1.9.0")
    project.post("/functions", {**FUNCTION, **CONNECTION, **OLD_TEMPLATE}).expect(201)
    made = only(project)
    assert (made["status"], made["providerCommitHash"] != "") == ("ready", True)


def test_an_update_that_names_no_repository_keeps_it_in_1_9(here: Project) -> None:
    connected(here, providerRootDirectory="api")
    kept = here.put("/functions/f", {"name": "f"}).expect(200)
    assert {name: kept[name] for name in CONNECTION} == CONNECTION
    assert (kept["providerRootDirectory"], kept["live"]) == ("api", True)
    again = {"name": "f", **CONNECTION, "providerBranch": "feature/x"}
    assert here.put("/functions/f", again).expect(200)["providerBranch"] == "feature/x"
    assert here.get("/functions/f/deployments").json["total"] == 1


def test_an_update_that_names_no_repository_forgets_it_in_1_6(local_16: Server) -> None:
    project = local_16.project()
    connected(project)
    bare = project.put("/functions/f", {"name": "f"}).expect(200)
    assert (bare["installationId"], bare["providerRepositoryId"]) == ("", "")


def test_an_empty_repository_disconnects(either_here: Project) -> None:
    connected(either_here)
    body = {"name": "f", **CONNECTION, "providerRepositoryId": ""}
    apart = either_here.put("/functions/f", body).expect(200)
    assert {apart[name] for name in CONNECTION} == {""}
    assert (apart["providerRootDirectory"], apart["providerSilentMode"]) == ("", True)
    either_here.put("/functions/f", {"name": "f", **CONNECTION}).expect(200)
    assert either_here.get("/functions/f/deployments").json["total"] == 2


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"installationId": "other"}, (404, "installation_not_found")),
        ({"installationId": ""}, (400, "general_argument_invalid")),
        ({"providerBranch": ""}, (400, "general_argument_invalid")),
        ({"providerRepositoryId": "ada/lost"}, (404, "provider_repository_not_found")),
    ],
)
def test_only_what_is_declared_can_be_connected(
    here: Project, changes: Json, error: tuple[int, str]
) -> None:
    here.function()
    assert here.put("/functions/f", {"name": "f", **CONNECTION, **changes}).error[:2] == error
    assert here.get("/functions/f/deployments").json["total"] == 0


def test_names_of_repositories_may_differ_in_case(here: Project) -> None:
    made = connected(here, providerRepositoryId="Ada/Engine")
    assert (made["status"], made["providerRepositoryOwner"]) == ("ready", "ada")


def test_a_template_is_laid_over_the_connected_repository(here: Project, places: Places) -> None:
    made = connected(here, execute=["any"])
    made = deployed(here)
    assert (made["status"], made["providerCommitHash"]) == ("ready", places.hash)
    assert made["providerRepositoryName"] == "engine"
    assert here.execute("f")["responseBody"] == "main"
    assert gits.git(places.engine, "rev-parse", "main") == places.hash


def test_a_folder_stands_for_every_reference(here: Project) -> None:
    here.function()
    wanted = {"owner": "ada", "repository": "plain", "rootDirectory": ""}
    for type, reference in (("branch", "any"), ("tag", "1.0"), ("commit", "abcdef")):
        made = deployed(here, **wanted, type=type, reference=reference)
        assert (made["status"], made["providerCommitHash"]) == ("ready", "")
        assert here.execute("f")["responseBody"] == "plain"


def test_a_rebuild_needs_the_repository_no_more(here: Project) -> None:
    made = connected(here)
    here.put("/functions/f", {"name": "f", "providerRepositoryId": ""}).expect(200)
    body = {"deploymentId": made["$id"]}
    again = here.post("/functions/f/deployments/duplicate", body).expect(202)
    again = here.built("f", again["$id"])
    provider = [name for name in made if name.startswith("provider")]
    assert again["status"] == "ready"
    assert [again[name] for name in provider] == [made[name] for name in provider]
    assert (again["sourceSize"], again["type"]) == (made["sourceSize"], "vcs")


def test_a_repository_may_not_be_larger_than_an_upload(tmp_path: Path) -> None:
    git = gits.repository(tmp_path / "git", {"main.py": "x" * 1001, "small/main.py": say("s")})
    plain = gits.write(tmp_path / "plain", {"main.py": "x" * 1001})
    known = (Repository("a", "git", git), Repository("a", "plain", plain))
    with serving(memory=True, size_limit=1000, repositories=known) as server:
        project = server.project()
        project.function()
        for name in ("git", "plain"):
            made = deployed(project, owner="a", repository=name, rootDirectory="")
            assert made["status"] == "failed"
            text = f"{RED}Repository directory size should be less than 0.00 MBs."
            assert made["buildLogs"] == text
        made = deployed(project, owner="a", repository="git", rootDirectory="small")
        assert made["status"] == "ready"


def test_links_that_lead_out_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    for name in ("git", "plain"):
        folder = gits.write(tmp_path / name, {"main.py": say("x")})
        (folder / "out").symlink_to("../secret")
    gits.git(tmp_path / "git", "init", "-q", "-b", "main")
    gits.commit(tmp_path / "git", {}, "Link out")
    (tmp_path / "plain" / "root").symlink_to(tmp_path)
    known = [Repository("a", name, tmp_path / name) for name in ("git", "plain")]
    with serving(memory=True, repositories=tuple(known)) as server:
        project = server.project()
        project.function()
        for name in ("git", "plain"):
            made = deployed(project, owner="a", repository=name, rootDirectory="")
            assert made["status"] == "failed"
            assert "out' is refused: " in made["buildLogs"]
        made = deployed(project, owner="a", repository="plain", rootDirectory="root")
        assert "is a link that leads out of it." in made["buildLogs"]
