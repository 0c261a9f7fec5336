"""What `init` does: write a project file for what is there, or make a function."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click

from .. import project_file
from ..catalog import Catalog
from ..client.workspace import configure, languages, locate
from ..config import ConfigError
from ..errors import Era
from ..likely import likely
from ..manifest import Family
from ..near import meant
from ..project_file import Entry, ProjectFile, template, writing
from ..project_file.kinds import ID


class Wish(NamedTuple):
    """What the arguments say; None where they say nothing."""

    name: str | None
    language: str | None
    runtime: str | None


class _Site(NamedTuple):
    """Where a function is to be made, and what with."""

    directory: Path
    project: ProjectFile | None
    catalog: Catalog
    era: Era

    @property
    def file(self) -> Path | None:
        """The project file that is there."""
        return self.project.path if self.project and self.project.files else None


def scaffold(directory: Path | None, wish: Wish) -> None:
    """Raises ConfigError, ProjectFileError for what cannot be made; then nothing was."""
    directory, _ = locate(directory)
    config = configure(directory, {})
    catalog = languages(config)
    project = project_file.load(directory, catalog, config.appwrite)
    site = _Site(directory, project, catalog, config.appwrite)
    if wish.name is None and (wish.language or wish.runtime) and not _can_ask():
        raise ConfigError("the function needs a name: appwrite-emulator init NAME ...")
    if wish.name is not None or wish.language or wish.runtime:
        _make(site, wish)
    elif site.file:
        raise ConfigError(
            f"{site.file} is there already: nothing was written. A function is added to it by "
            "appwrite-emulator init NAME --language LANGUAGE"
        )
    elif project:
        _write_down(project)
    elif _can_ask():
        click.echo(f"Nothing in {directory.absolute()} looks like a function: make one.")
        _make(site, wish)
    else:
        raise ConfigError(
            f"nothing in {directory.absolute()} looks like a function. Make one by "
            f"appwrite-emulator init NAME --language {_or(_offered(catalog))}"
        )


def _write_down(project: ProjectFile) -> None:
    path = writing.create(project.path.parent, project.project_id, project.functions)
    click.echo(f'Wrote {path} for project "{project.project_id}":')
    for line in project.guesses[1:]:
        click.echo(f"  {line}")


def _make(site: _Site, wish: Wish) -> None:
    name = _name(site, wish.name)
    family, runtime = _language(site, wish)
    folder = site.directory / "functions" / name
    values = dict(family.template)
    words = {"function": name, "folder": folder.relative_to(site.directory).as_posix()}
    files = template.lay(family, folder, words)
    entry = Entry(
        id=name,
        name=name,
        runtime=runtime,
        folder=folder,
        entrypoint=values.get("entrypoint", ""),
        commands=values.get("commands", ""),
        execute=("any",),
    )
    try:
        path = _record(site, entry)
    except BaseException:
        shutil.rmtree(folder)
        raise
    _tell_made(site, [folder / file for file in files], path)
    _tell_next(site, template.filled(values.get("test", ""), words))


def _tell_made(site: _Site, files: Sequence[Path], project: Path) -> None:
    for file in files:
        click.echo(f"Made {os.path.relpath(file)}")
    click.echo(f"{'Added to' if site.file else 'Made'} {os.path.relpath(project)}")


def _tell_next(site: _Site, test: str) -> None:
    is_here = site.directory.resolve() == Path.cwd().resolve()
    way = "" if is_here else f"cd {shlex.quote(os.path.relpath(site.directory))} && "
    click.echo(f"Serve it:  {way}appwrite-emulator start")
    if test:
        click.echo(f"Test it:   {way}appwrite-emulator exec -- {test}")


def _record(site: _Site, entry: Entry) -> Path:
    """Put the entry into the project file; into a new one with all that was guessed so far."""
    if site.file and site.project:
        return writing.add(site.project, entry)
    guessed = site.project.functions if site.project else ()
    id = site.project.project_id if site.project else project_file.guessed_id(site.directory)
    return writing.create(site.directory, id, (*guessed, entry))


def _name(site: _Site, name: str | None) -> str:
    while True:
        asked = name is None
        name = name if name is not None else click.prompt("Name of the function", default="hello")
        try:
            return _checked_name(site, name)
        except ConfigError as exc:
            if not asked:
                raise
            click.echo(str(exc))
            name = None


def _checked_name(site: _Site, name: str) -> str:
    if not ID.accepts(name):
        raise ConfigError(
            f"'{name}' cannot be a function's id, which is {ID.wanted.removeprefix('an id: ')}. "
            f"Take {project_file.made_id(name)}"
        )
    entries = site.project.functions if site.project else ()
    if any(entry.id == name for entry in entries):
        where = site.file or site.directory.absolute()
        raise ConfigError(f"there is a function '{name}' in {where} already. Choose another name")
    folder = site.directory / "functions" / name
    if folder.exists():
        raise ConfigError(
            f"{folder} is there already: nothing was written. Choose another name, or remove it"
        )
    return name


def _language(site: _Site, wish: Wish) -> tuple[Family, str]:
    """The language, and the runtime's id. Raises ConfigError."""
    catalog, (_, language, runtime) = site.catalog, wish
    offered = _offered(catalog)
    if runtime:
        family = _family_of(site, runtime)
        if language and _named(language, offered) != family:
            raise ConfigError(f"{runtime} is {family.name}, not {language}. Give one of the two")
        if family not in offered:
            raise ConfigError(
                f"{family.name} has no template here. There is one for {_or(offered)}"
            )
        return family, runtime
    if language is None and not _can_ask():
        raise ConfigError(f"which language? Give --language {_or(offered)}")
    if language is None:
        keys = click.Choice([family.key for family in offered])
        language = str(click.prompt("Language", type=keys))
    family = _named(language, offered)
    if choice := likely(catalog, family, site.era):
        return family, choice.runtime.id
    raise ConfigError(f"Appwrite {site.era} has no runtime for {family.name}. Give --runtime ID")


def _family_of(site: _Site, runtime: str) -> Family:
    known = [each.id for each in site.catalog.runtimes(site.era)]
    if site.catalog.runtime(runtime) is None:
        raise ConfigError(f"there is no runtime '{runtime}'. {_advice(runtime, known)}")
    family = site.catalog.family(runtime)
    if family is None:
        names = _or(site.catalog.families)
        raise ConfigError(f"runtime '{runtime}' cannot run here. There are launchers for {names}")
    return family


def _named(language: str, offered: Sequence[Family]) -> Family:
    for family in offered:
        if language.lower() in (family.key, family.name.lower()):
            return family
    advice = _advice(language.lower(), [family.key for family in offered])
    raise ConfigError(f"there is no template for the language '{language}'. {advice}")


def _advice(value: str, known: Sequence[str]) -> str:
    return meant(value, known) or f"There are {', '.join(known)}"


def _offered(catalog: Catalog) -> list[Family]:
    return [family for family in catalog.families if template.has_template(family)]


def _or(families: Sequence[Family]) -> str:
    return " or ".join(family.key for family in families)


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
