"""What is guessed in a folder without a project file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from appwrite_emulator.assets import assets
from appwrite_emulator.catalog import Catalog
from appwrite_emulator.project_file import ProjectFile, guess, load, made_id
from appwrite_emulator.project_file.kinds import ID

NODE = "export default async ({ req, res }) => res.text('hello');\n"
PYTHON = "def main(context):\n    return context.res.text('hello')\n"
PHP = "<?php\nreturn function ($context) {\n    return $context->res->text('hello');\n};\n"
Guess = Callable[[Mapping[str, str]], ProjectFile | None]


@pytest.fixture
def tools() -> Iterator[Path]:
    """A folder of interpreters that every user can run."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield _lay_tools(Path(folder))


def _lay_tools(folder: Path) -> Path:
    for name, version in (("node", "v20.1.0"), ("python3.12", "?"), ("php8.2", "?")):
        (folder / name).write_text(f"#!/bin/sh\necho {version}\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def guessed(tmp_path: Path, tools: Path) -> Guess:
    """What is guessed of the files, which are laid into a folder called `shop`."""

    def make(files: Mapping[str, str]) -> ProjectFile | None:
        for name, content in files.items():
            path = tmp_path / "shop" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
        return guess(tmp_path / "shop", Catalog([assets("runtimes")], search=[str(tools)]), "1.9")

    return make


def _only(project: ProjectFile | None) -> tuple[str | None, str | None, str]:
    assert project is not None
    (entry,) = project.functions
    return entry.entrypoint, entry.commands, entry.runtime


def test_each_folder_below_functions_is_one(guessed: Guess, tmp_path: Path) -> None:
    project = guessed(
        {
            "functions/hello/src/main.js": "",
            "functions/snake/main.py": "",
            "functions/sql/index.php": "",
            "main.py": PYTHON,
        }
    )
    assert project is not None
    assert [(each.id, each.runtime, each.entrypoint) for each in project.functions] == [
        ("hello", "node-20.0", "src/main.js"),
        ("snake", "python-3.12", "main.py"),
        ("sql", "php-8.2", "index.php"),
    ]
    assert project.functions[0].folder == tmp_path / "shop/functions/hello"
    assert project.functions[0].execute == ("any",)
    assert (project.project_id, project.files) == ("shop", ())
    assert project.folders == (tmp_path / "shop/functions",)
    assert {"node_modules", "vendor", ".venv", "venv", "__pycache__"} <= project.skip


@pytest.mark.parametrize(
    ("name", "text"), [("index.js", NODE), ("src/main.py", PYTHON), ("main.php", PHP)]
)
def test_the_folder_itself_is_one_when_its_code_says_so(
    guessed: Guess, name: str, text: str
) -> None:
    assert _only(guessed({name: text, "lib/main.js": NODE}))[0] == name


@pytest.mark.parametrize(
    ("name", "text"),
    [("index.js", "export const one = 1;\n"), ("main.py", "def main():\n    pass\n")],
)
def test_a_folder_of_other_code_is_none(guessed: Guess, name: str, text: str) -> None:
    assert guessed({name: text, f"below/{name}": text}) is None


def test_subfolders_are_looked_at_last(guessed: Guess) -> None:
    project = guessed({"a/main.js": NODE, "b/main.py": PYTHON, "node_modules/c/main.js": NODE,
                       ".d/main.js": NODE, "notes/main.js": "no function"})  # fmt: skip
    assert project is not None
    assert [each.id for each in project.functions] == ["a", "b"]


def test_a_link_to_itself_hides_no_function(guessed: Guess, tmp_path: Path) -> None:
    (tmp_path / "shop/functions/a").mkdir(parents=True)
    for place in ("shop", "shop/functions", "shop/functions/a"):
        (tmp_path / place / "loop").symlink_to("loop")
    project = guessed({"functions/a/main.js": NODE})
    assert project is not None
    assert [each.id for each in project.functions] == ["a"]


def test_an_empty_folder_and_one_that_is_not_there_are_nothing(
    guessed: Guess, tmp_path: Path
) -> None:
    assert guessed({}) is None
    assert guessed({"functions/empty/README.md": ""}) is None


def test_package_json_names_the_entrypoint(guessed: Guess) -> None:
    files = {"functions/f/package.json": '{"main": "./code/go.js"}', "functions/f/code/go.js": "",
             "functions/f/index.js": ""}  # fmt: skip
    assert _only(guessed(files))[0] == "code/go.js"


def test_a_package_json_that_names_what_is_not_there_does_not_count(guessed: Guess) -> None:
    files = {"functions/f/package.json": '{"main": "gone.js"}', "functions/f/index.js": ""}
    assert _only(guessed(files))[0] == "index.js"


def test_the_only_file_of_a_language_is_the_entrypoint(guessed: Guess) -> None:
    assert _only(guessed({"functions/f/handler.mjs": ""}))[0] == "handler.mjs"


@pytest.mark.parametrize(
    ("files", "commands"),
    [
        ({"main.js": "", "package.json": '{"dependencies": {"a": "1"}}'}, "npm install"),
        ({"main.js": "", "package.json": '{"devDependencies": {"a": "1"}}'}, ""),
        ({"main.js": "", "package.json": '{"dependencies": {}}'}, ""),
        ({"main.js": "", "package.json": "not JSON"}, ""),
        (
            {"main.js": "", "package.json": '{"dependencies": {"a": "1"}}', "yarn.lock": ""},
            "yarn install",
        ),
        (
            {"main.js": "", "package.json": '{"dependencies": {"a": "1"}}', "pnpm-lock.yaml": ""},
            "pnpm install",
        ),
        ({"main.py": "", "requirements.txt": "# none\n"}, ""),
        ({"main.py": "", "requirements.txt": "requests\n"}, "pip install -r requirements.txt"),
        ({"main.php": "", "composer.json": '{"require": {"php": ">=8"}}'}, ""),
        (
            {"main.php": "", "composer.json": '{"require": {"a/b": "1"}}'},
            "composer install --no-dev",
        ),
    ],
)
def test_dependencies_are_installed(
    guessed: Guess, files: Mapping[str, str], commands: str
) -> None:
    assert _only(guessed({f"functions/f/{name}": files[name] for name in files}))[1] == commands


def test_typescript_with_a_build_script_is_built(guessed: Guess) -> None:
    files = {"functions/f/package.json": '{"scripts": {"build": "tsc"}}',
             "functions/f/tsconfig.json": "{}", "functions/f/src/main.ts": ""}  # fmt: skip
    assert _only(guessed(files))[:2] == ("dist/main.js", "npm install && npm run build")


@pytest.mark.parametrize(
    ("main", "entrypoint"),
    [("./build/go.js", "build/go.js"), ("src/index.ts", "dist/index.js"), (".", "dist/index.js"),
     ("../x.js", "dist/index.js"), (7, "dist/index.js")],
)  # fmt: skip
def test_package_json_may_name_what_is_built(guessed: Guess, main: object, entrypoint: str) -> None:
    package = json.dumps({"main": main, "scripts": {"build": "tsc"}})
    files = {"functions/f/package.json": package, "functions/f/src/index.ts": ""}
    assert _only(guessed(files))[0] == entrypoint


def test_typescript_without_a_build_is_run_as_it_is(guessed: Guess) -> None:
    assert _only(guessed({"functions/f/src/main.ts": ""}))[:2] == ("src/main.ts", "")


def test_each_guess_is_a_sentence(guessed: Guess, tmp_path: Path) -> None:
    project = guessed(
        {
            "functions/f/main.js": "",
            "functions/f/package.json": '{"dependencies": {"a": "1"}}',
            "functions/g/main.py": "",
            "functions/g/main.js": "",
            "functions/odd/package.json": "{}",
            "functions/notes/README.md": "",
        }
    )
    assert project is not None
    assert project.guesses == (
        f"No project file in {tmp_path}/shop: 2 functions found by looking, which everybody may "
        "call. `appwrite-emulator init` writes down what was found.",
        "f: functions/f, main.js by node-20.0 (Node.js 20.1.0 is here), built by `npm install`",
        "g: functions/g, main.js by node-20.0 (Node.js 20.1.0 is here), though it could be Python",
        "odd: left out, it has no entrypoint such as src/main.js or src/main.mjs or src/main.cjs",
    )


@pytest.mark.parametrize(
    ("said", "runtime", "told"),
    [
        ("echo v99.0.0", "node-25", "Appwrite's newest, here is Node.js 99.0.0"),
        ("exit 1", "node-25", "Appwrite's newest, there is no Node.js here"),
    ],
)
def test_a_machine_that_has_no_runtime_gets_the_newest(
    guessed: Guess, tools: Path, said: str, runtime: str, told: str
) -> None:
    (tools / "node").write_text(f"#!/bin/sh\n{said}\n")
    project = guessed({"functions/f/main.js": ""})
    assert _only(project)[2] == runtime
    assert project
    assert told in project.guesses[1]


def test_ids_of_odd_folder_names_are_valid_and_different(guessed: Guess) -> None:
    names = ["a b", "a-b", "Über", "--", "x" * 40]
    project = guessed({f"functions/{name}/main.js": "" for name in names})
    assert project is not None
    ids = {each.id for each in project.functions}
    assert ids == {"a-b", "a-b-2", "Uber", "function", "x" * 36}
    assert all(ID.accepts(id) for id in ids)


def test_a_project_file_is_read_rather_than_guessed(guessed: Guess, tmp_path: Path) -> None:
    guessed({"functions/f/main.js": "", "appwrite.json": '{"projectId": "mine"}'})
    project = load(tmp_path / "shop", Catalog([assets("runtimes")]), "1.9")
    assert project is not None
    assert (project.project_id, project.functions, project.guesses) == ("mine", (), ())


def test_a_made_id_is_none_that_is_taken() -> None:
    assert made_id("console", taken=["console"], otherwise="local") == "console-2"
    assert made_id("日本", otherwise="local") == "local"


def test_what_is_installed_beside_functions_is_none(guessed: Guess) -> None:
    files = {"hello/main.php": PHP, "vendor/main.php": PHP, "node_modules/main.js": NODE}
    assert _only(guessed(files))[0] == "main.php"
