"""The folders that stand for repositories, and git if one of them needs it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from ...config import Config, Repository, own_environment
from ...repositories import git_folder
from .parts import Line, Mark, Part


def examine_repositories(config: Config) -> tuple[Part, ...]:
    """No part where no repository is declared. Blocking."""
    if not config.repositories:
        return ()
    kinds = {each: _kind(each) for each in config.repositories}
    program = shutil.which("git", path=own_environment().get("PATH"))
    facts = {
        "git": program,
        "declared": [
            {"id": each.id, "path": str(each.path.absolute()), "kind": kind}
            for each, kind in kinds.items()
        ],
    }
    return (Part("repositories", "Repositories", tuple(_lines(kinds, program)), facts),)


def _kind(repository: Repository) -> str:
    """What lies there: git, folder or nothing."""
    if not repository.path.is_dir():
        return "nothing"
    return "git" if git_folder(repository.path) else "folder"


def _lines(kinds: dict[Repository, str], program: str | None) -> Iterator[Line]:
    words = {"git": "a git repository", "folder": "a folder, the same for every branch and tag"}
    for each, kind in kinds.items():
        place = f"{each.id}  {each.path.absolute()}"
        if kind == "nothing":
            yield Line(Mark.NOTE, f"{place}: no such folder", "Deployments from it will fail.")
        else:
            yield Line(Mark.GOOD, place, words[kind])
    if program is None and "git" in kinds.values():
        yield Line(Mark.NOTE, "git is missing", "Deployments from git repositories will fail.")
