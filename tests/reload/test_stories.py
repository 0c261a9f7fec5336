"""What a developer meets who saves files while the emulator runs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import anyio
import pytest

from .bench import NODE, PYTHON, node, python, serving, write_project


@pytest.fixture
def project(reachable: Path) -> Path:
    write_project(reachable, {"f": PYTHON})
    (reachable / "functions" / "f").mkdir(parents=True)
    (reachable / "functions" / "f" / "main.py").write_text(python("one"), encoding="utf-8")
    return reachable


async def test_the_call_after_a_save_runs_what_was_saved(project: Path) -> None:
    async with serving(project) as site:
        assert await site.call() == "one"
        for word in ("two", "six", "ten"):  # of one length: neither size nor much time tells
            site.save("functions/f/main.py", python(word))
            assert await site.call() == word


async def test_a_save_is_loaded_before_anybody_calls(project: Path) -> None:
    async with serving(project) as site:
        await site.call()
        site.save("functions/f/main.py", python("two"))
        told = await site.news()
        assert told.facts is not None
        assert (told.facts["outcome"], told.facts["files"]) == ("live", ["main.py"])
        status = await site.emulator.services.status.to_json()
        assert status["workers"]["idle"] == 1
        assert await site.call() == "two"


async def test_a_broken_save_keeps_the_old_code_and_says_where(project: Path) -> None:
    async with serving(project) as site:
        await site.call()
        site.save("functions/f/main.py", "def main(context):\n    return (\n")
        assert await site.call() == "one"
        told = await site.news()
        assert told.facts is not None
        assert told.facts["outcome"] == "broken"
        assert told.facts["place"] == f"{project}/functions/f/main.py:2"
        assert "builds" not in told.facts["error"]
        assert await site.state() == "broken"
        site.save("functions/f/main.py", python("two"))
        assert await site.call() == "two"
        assert await site.state() == "live"


async def test_a_save_that_does_not_build_keeps_the_old_code_and_says_where(
    project: Path,
) -> None:
    compiling = "mkdir -p dist && cp main.mts dist/main.mjs && ! grep -n wrong main.mts >errors"
    commands = f"{compiling} || {{ sed 's/^/main.mts:/' errors; exit 1; }}"
    write_project(project, {"f": {**NODE, "entrypoint": "dist/main.mjs", "commands": commands}})
    source = "functions/f/main.mts"
    (project / source).write_text(node("one"), encoding="utf-8")
    async with serving(project) as site:
        assert await site.call() == "one"
        site.save(source, f"\n{node('wrong')}")
        assert await site.call() == "one"
        told = await site.news()
        assert told.facts is not None
        assert (told.facts["outcome"], told.facts["built"]) == ("broken", False)
        assert told.facts["error"].startswith("main.mts:2:export default")
        assert told.facts["place"] == f"{project}/{source}:2"
        site.save(source, node("two"))
        assert await site.call() == "two"


async def test_a_module_that_fails_while_it_loads_is_found_at_its_line(project: Path) -> None:
    async with serving(project) as site:
        site.save("functions/f/helper.py", "\n\nraise RuntimeError('no luck')\n")
        source = "from . import helper\n" + python("two")
        site.save("functions/f/main.py", source)
        assert await site.call() == "one"
        error = site.followed().brought
        assert "no luck" in error.error
        assert error.place == f"{project}/functions/f/helper.py:3"


async def test_going_back_to_what_was_there_mends_a_broken_save(project: Path) -> None:
    async with serving(project) as site:
        site.save("functions/f/main.py", "def")
        assert await site.call() == "one"
        site.save("functions/f/main.py", python("one"))
        assert await site.call() == "one"
        assert await site.state() == "live"


async def test_the_old_code_is_found_by_a_new_process_while_the_source_is_broken(
    project: Path,
) -> None:
    source = (
        "import os\n"
        "def main(context):\n"
        "    if context.req.path == '/die': os._exit(1)\n"
        "    return context.res.text('alive')\n"
    )
    async with serving(project) as site:
        site.save("functions/f/main.py", source)
        assert await site.call() == "alive"
        site.save("functions/f/main.py", "def")
        assert (await site.execute(path="/die"))["status"] == "failed"
        assert await site.call() == "alive"


async def test_atomic_saves_and_links_are_followed(project: Path) -> None:
    function = project / "functions" / "f"
    shared = project / "shared"
    shared.mkdir()
    for name in ("a", "b"):
        (shared / f"{name}.txt").write_text(name, encoding="utf-8")
    (function / "word.txt").symlink_to(shared / "a.txt")
    source = (
        "from pathlib import Path\n"
        "def main(context):\n"
        "    here = Path(__file__).parent\n"
        "    return context.res.text((here / 'word.txt').read_text())\n"
    )
    (function / "main.py").write_text(source, encoding="utf-8")
    async with serving(project) as site:
        assert await site.call() == "a"
        (function / "next").symlink_to(shared / "b.txt")
        os.replace(function / "next", function / "word.txt")
        assert await site.call() == "b"
        (shared / "part").write_text("c", encoding="utf-8")
        os.replace(shared / "part", shared / "b.txt")
        assert await site.call() == "c"


async def test_a_folder_that_goes_and_comes_back_is_followed(project: Path) -> None:
    function = project / "functions" / "f"
    async with serving(project) as site:
        assert await site.call() == "one"
        shutil.move(function, project / "elsewhere")
        assert await site.call() == "one"
        assert await site.state() == "broken"
        shutil.move(project / "elsewhere", function)
        site.save("functions/f/main.py", python("two"))
        assert await site.call() == "two"


async def test_calls_that_run_finish_in_the_old_code(project: Path) -> None:
    os.mkfifo(project / "gate", 0o666)
    (project / "gate").chmod(0o666)
    source = f"def main(context):\n    return context.res.text(open('{project}/gate').read())\n"
    async with serving(project) as site:
        site.save("functions/f/main.py", source)
        replies: list[str] = []

        async def slow() -> None:
            replies.append(await site.call())

        async with anyio.create_task_group() as group:
            group.start_soon(slow)
            gate = await anyio.open_file(project / "gate", "w")
            site.save("functions/f/main.py", python("new"))
            assert await site.call() == "new"
            await gate.write("old")
            await gate.aclose()
        assert replies == ["old"]


async def test_local_variables_win_and_are_followed_and_never_stored(project: Path) -> None:
    source = (
        "import os\n"
        "def main(context):\n"
        "    return context.res.text(os.environ.get('WORD', 'none'))\n"
    )
    write_project(project, {"f": {**PYTHON, "vars": {"WORD": "stored"}}})
    async with serving(project) as site:
        site.save("functions/f/main.py", source)
        assert await site.call() == "stored"
        site.save("functions/f/.env", "WORD=local\n")
        assert await site.call() == "local"
        await site.news()  # of the code
        told = await site.news()
        assert told.facts is not None
        assert (told.facts["outcome"], told.facts["files"]) == ("live", [".env"])
        (project / "functions" / "f" / ".env").unlink()
        assert await site.call() == "stored"
        site.save("functions/f/.env", "WORD='secret value'\n")
        assert await site.call() == "secret value"
        state = b"".join(
            path.read_bytes()
            for path in (project / ".appwrite-emulator").rglob("*")
            if path.is_file()
        )
        assert b"secret value" not in state


async def test_the_project_file_is_followed(project: Path) -> None:
    async with serving(project) as site:
        site.save("functions/g/main.mjs", node("gee"))
        write_project(project, {"f": {**PYTHON, "timeout": 7}, "g": NODE})
        told = await site.news(kind="project")
        assert told.facts is not None
        assert (told.facts["outcome"], told.facts["functions"]) == ("live", ["f", "g"])
        assert await site.call("g") == "gee"
        assert (await site.http.get("/functions/f")).json()["timeout"] == 7
        (project / "appwrite.config.json").write_text('{"projectId": "demo",', encoding="utf-8")
        told = await site.news(kind="project")
        assert told.facts is not None
        assert told.facts["outcome"] == "broken"
        assert "appwrite.config.json:1:" in told.facts["error"]
        assert await site.call("g") == "gee"
        write_project(project, {"f": {**PYTHON, "timeout": 7}, "g": NODE})
        told = await site.news(kind="project")
        assert told.facts is not None
        assert (told.facts["outcome"], told.facts["functions"]) == ("live", [])
        write_project(project, {"f": PYTHON})
        told = await site.news(kind="project")
        assert told.facts is not None
        assert told.facts["gone"] == ["g"]
        assert await site.call("g") == "gee"


async def test_what_breaks_the_project_file_is_followed_until_it_is_mended(project: Path) -> None:
    async with serving(project) as site:
        write_project(project, {"f": PYTHON, "g": NODE})
        told = await site.news(kind="project")
        assert told.facts is not None
        assert "there is no such folder" in told.facts["error"]
        site.save("functions/g/main.mjs", node("gee"))
        told = await site.news(kind="project")
        assert told.facts is not None
        assert (told.facts["outcome"], told.facts["functions"]) == ("live", ["g"])
        site.save("some.json", "[")
        site.save(
            "appwrite.config.json",
            '{"projectId": "demo", "includes": {"functions": "some.json"}}',
        )
        told = await site.news(kind="project")
        assert told.facts is not None
        assert told.facts["error"].startswith(f"{project}/some.json:1:2: not valid JSON")
        site.save("some.json", "[]")
        told = await site.news(kind="project")
        assert told.facts is not None
        assert told.facts["gone"] == ["f", "g"]


async def test_few_generations_are_kept_as_deployments(project: Path) -> None:
    async with serving(project) as site:
        for number in range(12):
            site.save("functions/f/main.py", python(f"number {number}"))
            assert await site.call() == f"number {number}"
        listed = (await site.http.get("/functions/f/deployments")).json()
        assert listed["total"] <= 7
        assert {each["type"] for each in listed["deployments"]} == {"cli"}
        active = (await site.http.get("/functions/f")).json()["deploymentId"]
        assert active in {each["$id"] for each in listed["deployments"]}
        builds = list((project / ".appwrite-emulator" / "builds").iterdir())
        assert len([path for path in builds if path.is_dir()]) <= 7


async def test_an_unchanged_folder_is_not_deployed_at_the_next_start(project: Path) -> None:
    async with serving(project) as site:
        assert [each.outcome for each in site.applied] == ["deployed"]
        site.save("functions/f/main.py", python("two"))
        assert await site.call() == "two"
    async with serving(project) as site:
        assert [each.outcome for each in site.applied] == ["unchanged"]
        assert await site.call() == "two"
    (project / "functions" / "f" / "main.py").write_text("def", encoding="utf-8")
    async with serving(project) as site:
        assert [each.outcome for each in site.applied] == ["failed"]
        assert await site.call() == "two"


async def test_a_reset_brings_the_functions_back(project: Path) -> None:
    async with serving(project) as site:
        await site.call()
        site.save("functions/f/main.py", python("two"))
        await site.call()
        await site.emulator.control.reset()
        assert await site.call() == "two"
        site.save("functions/f/main.py", python("three"))
        assert await site.call() == "three"


async def test_what_changes_while_a_save_is_loaded_leaves_nothing_loading(project: Path) -> None:
    slow = "import time\ntime.sleep(0.2)\n"
    async with serving(project) as site:
        await site.call()
        site.save("functions/f/main.py", slow + python("two"))
        await site.news("began")
        await site.emulator.control.reset()
        assert await site.call() == "two"
        assert await site.state() == "live"
        site.save("functions/f/main.py", slow + python("three"))
        await site.news("began")
        site.save("functions/f/other.py", python("other"))
        write_project(project, {"f": {**PYTHON, "entrypoint": "other.py"}})
        await site.news(kind="project")
        assert await site.state() == "live"
        assert await site.call() == "other"


async def test_a_restore_does_not_bring_back_old_code(project: Path) -> None:
    async with serving(project) as site:
        await site.call()
        before = site.emulator.control.snapshot()
        site.save("functions/f/main.py", python("two"))
        assert await site.call() == "two"
        site.followed().leisure.spend(60)  # as looks at a huge folder do
        await site.emulator.control.restore(before.id)
        assert await site.call() == "two"


async def test_a_restore_of_what_is_there_lets_the_next_call_wait_for_nothing(
    project: Path,
) -> None:
    async with serving(project) as site:
        await site.call()
        services, before = site.emulator.services, site.emulator.control.snapshot()
        for _ in range(2):
            await site.call()
            await site.emulator.control.restore(before.id)
            function = services.functions.get(site.emulator.project, "f")
            assert services.reload.freshen(function) is None
        site.save("functions/f/main.py", python("two"))
        assert await site.call() == "two"


async def test_a_restore_does_not_bring_back_old_variables(project: Path) -> None:
    source = "import os\ndef main(c): return c.res.text(os.environ['WORD'])\n"
    site_env = "functions/f/.env"
    async with serving(project) as site:
        site.save(site_env, "WORD=one\n")
        site.save("functions/f/main.py", source)
        assert await site.call() == "one"
        before = site.emulator.control.snapshot()
        site.save(site_env, "WORD=another\n")
        assert await site.call() == "another"
        await site.emulator.control.restore(before.id)
        assert await site.call() == "another"


async def test_what_was_pushed_stays_until_the_next_save(project: Path) -> None:
    from tests.acceptance.test_emulator import archive

    async with serving(project) as site:
        await site.call()
        reply = await site.http.post(
            "/functions/f/deployments",
            data={"activate": "true"},
            files={"code": ("code.tar.gz", archive(python("pushed")), "application/gzip")},
        )
        await site.emulator.control.settle()
        assert await site.call() == "pushed"
        built, noted = await site.news(kind="build"), await site.news("note")
        assert built.facts is not None
        assert 0 < built.facts["seconds"] < built.facts["duration"]  # of the row: whole seconds
        assert noted.text == "what was pushed answers now, until the next save in its folder"
        (project / "functions" / "f" / "main.py").touch()
        assert await site.call() == "pushed"
        entries = [site.followed().entry]
        (applied,) = await site.emulator.services.projects.apply("demo", entries, lambda *_: None)
        assert "what was pushed answers, until the next save in its folder" in applied.notes
        site.save("functions/f/main.py", python("saved"))
        assert await site.call() == "saved"
        told = await site.news("began")
        assert told.facts is not None
        assert told.facts["replaces"] == reply.json()["$id"]


async def test_what_is_pushed_while_a_save_is_loaded_stays(project: Path) -> None:
    from tests.acceptance.test_emulator import archive

    async with serving(project) as site:
        await site.call()
        site.save("functions/f/main.py", "import time\ntime.sleep(0.5)\n" + python("saved"))
        await site.news("began")
        await site.http.post(
            "/functions/f/deployments",
            data={"activate": "true"},
            files={"code": ("code.tar.gz", archive(python("pushed")), "application/gzip")},
        )
        told = await site.news()
        assert told.facts is not None
        assert told.facts["outcome"] == "unchanged"
        assert await site.call() == "pushed"


async def test_restores_during_reloads_leave_no_builds_behind(project: Path) -> None:
    async with serving(project) as site:
        control = site.emulator.control
        before = control.snapshot()
        for number in range(3):
            site.save("functions/f/main.py", f"import time\ntime.sleep(0.1)\nx = {number}\n")
            await site.news("began")
            await control.restore(before.id)
            site.save("functions/f/main.py", python(f"number {number}"))
            assert await site.call() == f"number {number}"
        for _ in range(2):
            await control.reset()
        await control.forget(before.id)
        builds = list((project / ".appwrite-emulator" / "builds").iterdir())
        assert len([path for path in builds if path.is_dir()]) <= 2


async def test_an_older_deployment_that_is_activated_is_told_and_stays(project: Path) -> None:
    async with serving(project) as site:
        first = (await site.http.get("/functions/f")).json()["deploymentId"]
        site.save("functions/f/main.py", python("two"))
        assert await site.call() == "two"
        await site.http.patch("/functions/f/deployment", json={"deploymentId": first})
        told = await site.news("note")
        assert told.text == "an older deployment answers now, until the next save in its folder"
        assert await site.call() == "one"
        site.save("functions/f/main.py", python("three"))
        assert await site.call() == "three"


async def test_a_function_that_was_deleted_is_no_longer_followed(project: Path) -> None:
    async with serving(project) as site:
        await site.call()
        assert (await site.http.delete("/functions/f")).status_code == 204
        site.save("functions/f/main.py", python("two"))
        told = await site.news("note")
        assert told.facts == {"about": "deleted"}
        assert (await site.execute())["type"] == "function_not_found"


async def test_hundreds_of_files_at_once_are_one_change(project: Path) -> None:
    async with serving(project) as site:
        await site.call()
        for number in range(300):
            site.save(f"functions/f/part{number % 7}/m{number}.py", f"x = {number}\n")
        site.save("functions/f/main.py", python("two"))
        assert await site.call() == "two"
        listed = (await site.http.get("/functions/f/deployments")).json()
        assert listed["total"] <= 4
