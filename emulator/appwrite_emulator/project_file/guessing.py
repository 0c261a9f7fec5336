"""What functions a bare folder has, when no project file says it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ..catalog import Catalog
from ..errors import Era
from ..likely import Likely, likely
from ..manifest import Family, Recipe
from .entry import Entry, ProjectFile
from .ids import made_id
from .reading import NAMES
from .skipping import Skip

_MOST = 1_000_000  # bytes of a file that are looked at
_HOME = "functions"  # the folder that is meant for functions


class _Look(NamedTuple):
    """What folders are looked at with."""

    families: Sequence[Family]
    choice: Callable[[Family], Likely | None]

    @property
    def installs(self) -> frozenset[str]:
        """The names of folders that hold no functions but what they depend on, at any depth: what
        a language has only at the root of a function lies deeper in a folder of functions."""
        names = (name for family in self.families for name in family.left_out)
        return frozenset(name.removeprefix("/") for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guess:
    """One folder that looks like a function."""

    folder: Path
    family: Family
    choice: Likely
    entrypoint: str
    commands: str
    others: tuple[str, ...]  # languages that it could be too


def guess(directory: Path, catalog: Catalog, era: Era) -> ProjectFile | None:
    """The functions that lie below `functions/`, else `directory` itself when it looks like one,
    else those of its subfolders that do; None when there is none. Blocking.

    Below `functions/` a file with a usual name is enough; elsewhere it must also say in its text
    that it is a function. What is looked for is declared in the manifests of the languages.
    """
    home = directory / _HOME
    look = _Look(catalog.families, cache(lambda family: likely(catalog, family, era)))
    if found := _guesses(_folders(home, look), look, is_meant=True):
        return _project(directory, found, look, home, _left_out(home, found, look))
    found = _guesses([directory], look, is_meant=False)
    found = found or _guesses(_folders(directory, look), look, is_meant=False)
    return _project(directory, found, look, directory) if found else None


def empty(directory: Path, catalog: Catalog) -> ProjectFile:
    """What a folder without functions is, with the places where the first one may appear."""
    skip = frozenset(name for each in catalog.families for name in each.dependency_folders)
    file, home = directory / NAMES[0], directory / _HOME
    return ProjectFile(file, guessed_id(directory), (), folders=(home,), skip=skip)


def _project(
    directory: Path,
    found: Sequence[_Guess],
    look: _Look,
    watched: Path,
    left_out: Sequence[str] = (),
) -> ProjectFile:
    entries = _entries(found)
    pairs = zip(found, entries, strict=True)
    told = [_told(directory, each, entry) for each, entry in pairs]
    return ProjectFile(
        directory / NAMES[0],
        guessed_id(directory),
        entries,
        guesses=(_heading(directory, found), *told, *left_out),
        folders=(watched,),
        skip=look.installs,
    )


def _folders(directory: Path, look: _Look) -> list[Path]:
    """The subfolders in which functions may lie, by name."""
    skip = Skip(look.installs)
    try:
        items = [each for each in os.scandir(directory) if os.path.isdir(each)]
    except OSError:
        return []
    names = (each.name for each in items if each.name[0] != ".")
    return [directory / name for name in sorted(names) if not skip.passes(name, at_root=True)]


def _guesses(folders: Sequence[Path], look: _Look, *, is_meant: bool) -> list[_Guess]:
    guesses = (_guess(folder, look, is_meant=is_meant) for folder in folders)
    return [each for each in guesses if each]


def _guess(folder: Path, look: _Look, *, is_meant: bool) -> _Guess | None:
    fits = [
        (family, choice, shape)
        for family in look.families
        if (shape := _shape(folder, family, is_meant=is_meant)) and (choice := look.choice(family))
    ]
    if not fits:
        return None
    fits.sort(key=lambda fit: _strength(folder, fit[0]))  # of equal ones the first by name
    (family, choice, (entrypoint, commands)), *others = fits
    return _Guess(
        folder=folder,
        family=family,
        choice=choice,
        entrypoint=entrypoint,
        commands=commands,
        others=tuple(other.name for other, _, _ in others),
    )


def _strength(folder: Path, family: Family) -> int:
    """How early a sign of the family comes that the folder has; the lowest is the strongest."""
    return next((n for n, sign in enumerate(family.signs) if any(folder.glob(sign))), 99)


def _shape(folder: Path, family: Family, *, is_meant: bool) -> tuple[str, str] | None:
    """Entrypoint and commands, when the folder looks like a function of the family."""
    named = _named_entrypoint(folder, family)
    recipes = [recipe for recipe in family.recipes if _applies(folder, recipe)]
    for recipe in recipes:
        for source, made in recipe.makes:
            if _is_function(folder / source, family, is_meant=is_meant):
                return named if named and named != source else made, recipe.run
    commands = next((recipe.run for recipe in recipes if not recipe.makes), "")
    candidates = [text.replace("{name}", folder.name) for text in family.entrypoints]
    for pattern in [named, *candidates] if named else candidates:
        for name in _matches(folder, pattern) if is_meant or "*" not in pattern else ():
            if _is_function(folder / name, family, is_meant=is_meant):
                return name, commands
    return None


def _matches(folder: Path, pattern: str) -> Sequence[str]:
    """The file of that name; of a pattern the only one that it fits."""
    if "*" not in pattern:
        return [pattern]
    found = [path.relative_to(folder).as_posix() for path in folder.glob(pattern)]
    return found if len(found) == 1 else []


def _named_entrypoint(folder: Path, family: Family) -> str:
    """What a file of the language, such as package.json, says the entrypoint is; "" for nothing."""
    for name, key in family.entrypoint_keys:
        try:
            value = json.loads(_text(folder / name) or "null")
        except (ValueError, RecursionError):
            continue
        named = value.get(key) if isinstance(value, dict) else None
        if isinstance(named, str) and Path(named).suffix and ".." not in Path(named).parts:
            return Path(named.lstrip("/")).as_posix()
    return ""


def _applies(folder: Path, recipe: Recipe) -> bool:
    texts = ((pattern, _text(folder / name)) for name, pattern in recipe.needs)
    return all(text is not None and re.search(pattern, text) for pattern, text in texts)


def _is_function(file: Path, family: Family, *, is_meant: bool) -> bool:
    if is_meant:
        return os.path.isfile(file)
    text = _text(file)
    return text is not None and re.search(family.entrypoint_mark, text) is not None


def _text(file: Path) -> str | None:
    """The beginning of a file; None when it cannot be read."""
    try:
        if not file.is_file():
            return None
        with file.open("rb") as stream:
            return stream.read(_MOST).decode("utf-8-sig", "replace")
    except OSError:
        return None


def _entries(found: Sequence[_Guess]) -> tuple[Entry, ...]:
    ids: list[str] = []
    for each in found:
        ids.append(made_id(each.folder.absolute().name, taken=ids))
    return tuple(
        Entry(
            id=id,
            name=each.folder.absolute().name[:128] or id,
            runtime=each.choice.runtime.id,
            folder=each.folder,
            entrypoint=each.entrypoint,
            commands=each.commands,
            execute=("any",),
        )
        for id, each in zip(ids, found, strict=True)
    )


def guessed_id(directory: Path) -> str:
    """The project's id, when no file says it."""
    return made_id(directory.absolute().name, taken=["console"], otherwise="local")


def _heading(directory: Path, found: Sequence[_Guess]) -> str:
    count = "1 function" if len(found) == 1 else f"{len(found)} functions"
    return (
        f"No project file in {directory.absolute()}: {count} found by looking, which everybody "
        "may call. `appwrite-emulator init` writes down what was found."
    )


def _told(directory: Path, guess: _Guess, entry: Entry) -> str:
    place = os.path.relpath(guess.folder, directory)
    family, (runtime, version, is_here) = guess.family, guess.choice
    why = f"{family.name} {version} is here"
    if not is_here:
        what = f"here is {family.name} {version}" if version else f"there is no {family.name} here"
        why = f"Appwrite's newest, {what}"
    built = f", built by `{guess.commands}`" if guess.commands else ""
    others = f", though it could be {' or '.join(guess.others)}" if guess.others else ""
    return f"{entry.id}: {place}, {entry.entrypoint} by {runtime.id} ({why}){built}{others}"


def _left_out(home: Path, found: Sequence[_Guess], look: _Look) -> list[str]:
    """Why folders among functions are none, when they look like something."""
    taken = {each.folder for each in found}
    others = [folder for folder in _folders(home, look) if folder not in taken]
    return [text for folder in others if (text := _lack(folder, look.families))]


def _lack(folder: Path, families: Sequence[Family]) -> str:
    for family in families:
        if any(any(folder.glob(sign)) for sign in family.signs):
            usual = [name for name in family.entrypoints if not set("*{") & set(name)]
            names = " or ".join(usual[:3])
            return f"{folder.name}: left out, it has no entrypoint such as {names}"
    return ""
