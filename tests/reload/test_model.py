"""Random edits against a model: the answer is always that of the last loadable code."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .bench import NODE, PYTHON, Served, serving, write_project

COMMANDS = {"commands": "cp wanted.txt installed.txt"}
LANGUAGES: dict[str, dict[str, Any]] = {
    "python": {**PYTHON, **COMMANDS, "main": "main.py", "wanted": "requirements.txt"},
    "node": {**NODE, **COMMANDS, "main": "main.mjs", "wanted": "package.json"},
}
SOURCES = {
    "main.py": """import os
from pathlib import Path
HERE = Path(__file__).parent
def main(context):
    if context.req.path == "/die": os._exit(1)
    parts = ["{word}", (HERE / "link.txt").read_text(), (HERE / "installed.txt").read_text()]
    return context.res.text(" ".join(parts))
""",
    "main.mjs": """import fs from "node:fs";
const read = (name) => fs.readFileSync(new URL(name, import.meta.url), "utf8");
export default async ({{ req, res }}) => {{
  if (req.path === "/die") process.exit(1);
  return res.text(["{word}", read("link.txt"), read("installed.txt")].join(" "));
}};
""",
}
BROKEN = "def main(:{ \n"


@dataclass
class Model:
    """The folder, what it would answer if it were loaded now, and what was answered last."""

    folder: Path
    main: str
    wanted: str  # the file whose change makes commands run
    random: random.Random
    word: str = "w0"
    link: str = "a"
    installed: str = "i0"
    is_broken: bool = False
    answer: str = ""  # the last one
    seen: set[str] = field(default_factory=set)  # what could be loaded for a moment since then
    count: int = 0
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        for name in ("a", "b"):
            (self.folder.parent / f"{name}.txt").write_text(name, encoding="utf-8")
        (self.folder / "link.txt").symlink_to("../a.txt")
        self._write("wanted.txt", self.installed)
        self._write(self.wanted, "{}" if self.wanted.endswith("json") else "")
        self._write(self.main, self._source())

    def expected(self) -> set[str]:
        """What a call may answer now: one thing, unless edits came faster than they were seen."""
        return {self.answer, *self.seen} if self.is_broken else {self._loadable()}

    def _loadable(self) -> str:
        return f"{self.word} {self.link} {self.installed}"

    def answered(self, text: str) -> None:
        self.answer = text
        self.seen.clear()

    def edit(self) -> None:
        """One edit, chosen at random."""
        self.count += 1
        name, act = self.random.choice(list(EDITS.items()))
        self.done.append(name)
        act(self)
        if not self.is_broken:
            self.seen.add(self._loadable())

    def write(self) -> None:
        self._next()
        self._write(self.main, self._source())

    def rename_over(self) -> None:
        self._next()
        self._write("next.tmp", self._source())
        os.replace(self.folder / "next.tmp", self.folder / self.main)

    def delete(self) -> None:
        (self.folder / self.main).unlink(missing_ok=True)
        self.is_broken = True

    def recreate(self) -> None:
        self.delete()
        self.write()

    def swap_link(self) -> None:
        self.link = "b" if self.link == "a" else "a"
        (self.folder / "swap").symlink_to(f"../{self.link}.txt")
        os.replace(self.folder / "swap", self.folder / "link.txt")

    def break_code(self) -> None:
        self._write(self.main, BROKEN)
        self.is_broken = True

    def change_dependencies(self) -> None:
        self.installed = f"i{self.count}"
        self._write("wanted.txt", self.installed)
        package = f'{{"version": "1.0.{self.count}"}}'
        self._write(self.wanted, package if self.wanted.endswith("json") else f"# {self.count}\n")

    def touch(self) -> None:
        (self.folder / "wanted.txt").touch()

    def _next(self) -> None:
        self.word, self.is_broken = f"w{self.count}", False

    def _source(self) -> str:
        return SOURCES[self.main].format(word=self.word)

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")


EDITS: dict[str, Callable[[Model], None]] = {
    "write": Model.write,
    "rename over": Model.rename_over,
    "delete": Model.delete,
    "recreate": Model.recreate,
    "swap link": Model.swap_link,
    "break": Model.break_code,
    "mend": Model.write,
    "change dependencies": Model.change_dependencies,
    "touch": Model.touch,
}


async def half_write(model: Model, site: Served) -> None:
    """Write a file in two halves; a call in between meets the code from before."""
    model._next()
    half, rest = model._source()[:60], model._source()[60:]
    before = model.answer
    with (model.folder / model.main).open("w", encoding="utf-8") as file:
        file.write(half)
        file.flush()
        assert await site.call() == before, "half of a save was run"
        file.write(rest)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_answer_is_always_that_of_the_last_loadable_code(
    language: str, reachable: Path, request: pytest.FixtureRequest
) -> None:
    edits = request.config.getoption("--edits")
    settings = dict(LANGUAGES[language])
    main, wanted = settings.pop("main"), settings.pop("wanted")
    seed = random.randrange(10**9)
    folder = reachable / "functions" / "f"
    model = Model(folder, main, wanted, random.Random(seed))
    write_project(reachable, {"f": settings})
    async with serving(reachable) as site:

        async def check() -> None:
            found = await site.call()
            assert found in model.expected(), (found, model.expected(), seed, model.done[-12:])
            model.answered(found)

        await check()
        for _ in range(edits // len(LANGUAGES)):
            if model.random.random() < 0.1:
                await half_write(model, site)
                model.done.append("half write")
            else:
                for _ in range(model.random.choice((1, 1, 1, 2, 3))):
                    model.edit()
            if model.random.random() < 0.15:
                assert (await site.execute(path="/die"))["status"] == "failed"
                model.done.append("die")
            await check()
