"""The templates that functions can be made from, as the catalogue of each era has them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from .catalog import Catalog
from .errors import Era

USE_CASES: Final[dict[Era, tuple[str, ...]]] = {
    "1.6": ("dev-tools", "starter", "databases", "ai", "messaging", "utilities"),
    "1.9": ("starter", "databases", "ai", "messaging", "utilities", "dev-tools", "auth"),
}
"""What templates are for, in the order in which errors list it."""


@dataclass(frozen=True, slots=True)
class TemplateRuntime:
    """One runtime a template is written for, and where its code lies in the repository."""

    name: str
    commands: str
    entrypoint: str
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateVariable:
    """A variable to set on the function. `type` is what a form lets people enter."""

    name: str
    description: str
    type: str
    placeholder: str = ""
    value: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template. Its code is not here, but in the repository `appwrite/templates` at `version`."""

    id: str
    name: str
    icon: str
    score: int
    tagline: str
    use_cases: tuple[str, ...]
    runtimes: tuple[TemplateRuntime, ...]
    variables: tuple[TemplateVariable, ...]
    scopes: tuple[str, ...]
    events: tuple[str, ...]
    timeout: int
    version: str


class Templates:
    """Both catalogues, read when first asked for. Source: Appwrite 1.6.2 and 1.9.6."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: dict[Era, tuple[Template, ...]] = {}

    def all(self, era: Era) -> tuple[Template, ...]:
        """The templates in the order they are listed: 1.9 has those of the highest score first."""
        if era not in self._known:
            rows = [row for row in _data()["templates"] if row.get("only", era) == era]
            found = [self._template(row | row.get(era, {}), era) for row in rows]
            if era == "1.9":
                found.sort(key=lambda template: -template.score)
            self._known[era] = tuple(found)
        return self._known[era]

    def get(self, era: Era, id: str) -> Template | None:
        """The template of that id; of two that have it, the first."""
        return next((template for template in self.all(era) if template.id == id), None)

    def _template(self, row: Mapping[str, Any], era: Era) -> Template:
        texts = _data()["descriptions"]
        return Template(
            **{key: row[key] for key in ("id", "name", "icon", "score", "tagline")},
            use_cases=tuple(row["useCases"]),
            runtimes=tuple(self._runtimes(row["roots"], row.get("commands", {}), era)),
            variables=tuple(
                TemplateVariable(description=texts[each["name"]], **each)
                for each in row.get("variables", ())
            ),
            scopes=tuple(row.get("scopes", ())),
            events=tuple(row.get("events", ())),
            timeout=row.get("timeout", 15),
            version=row.get("providerVersion", "0.2.*"),
        )

    def _runtimes(
        self, roots: Sequence[str], commands: Mapping[str, str], era: Era
    ) -> Iterator[TemplateRuntime]:
        for root in roots:
            key = root.partition("/")[0]
            language = _data()["languages"][key]
            for version in self._versions(key, language, era):
                yield TemplateRuntime(
                    f"{key}-{version}",
                    commands.get(key, language["commands"]),
                    language["entrypoint"],
                    root,
                )

    def _versions(self, key: str, language: Mapping[str, Any], era: Era) -> Sequence[str]:
        """1.6 keeps a list for templates, 1.9 takes every version of the language it knows."""
        if era in language:
            return list(language[era])
        return [each.version for each in self._catalog.runtimes(era) if each.key == key]


def matching(
    templates: Sequence[Template], runtimes: Sequence[str], use_cases: Sequence[str]
) -> list[Template]:
    """Those written for one of `runtimes` and meant for one of `use_cases`; empty: for any."""
    return [
        template
        for template in templates
        if (not runtimes or {each.name for each in template.runtimes}.intersection(runtimes))
        and (not use_cases or set(template.use_cases).intersection(use_cases))
    ]


@cache
def _data() -> Any:
    path = Path(__file__).parent / "data" / "templates.json"
    return json.loads(path.read_text(encoding="utf-8"))
