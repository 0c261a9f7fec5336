"""Whether a runtime can be run here, found out without an emulator."""

from __future__ import annotations

from anyio.from_thread import start_blocking_portal

from ..catalog import Catalog, InterpreterMissing, Runtime
from ..client.workspace import languages
from ..config import Config
from ..near import meant
from ..sandbox import Prober, choose


class RuntimeUnknown(LookupError):
    """There is no such language, and no such runtime."""


def missing(name: str, config: Config) -> str:
    """Why the language or runtime `name` cannot be run here, and what to install; "" if it can.

    Raises RuntimeUnknown, ManifestInvalid.
    """
    catalog = languages(config)
    runtime = _runtime(name, catalog, config)
    with start_blocking_portal("asyncio") as portal:  # the caller's thread may have its own loop
        try:
            portal.call(catalog.launch, runtime.id, Prober(choose(config.sandbox)))
        except InterpreterMissing as exc:
            return str(exc)
    return ""


def _runtime(name: str, catalog: Catalog, config: Config) -> Runtime:
    """The runtime `name`, or the newest of that language: any interpreter can stand in for it."""
    if found := catalog.runtime(name):
        return found
    known = catalog.runtimes(config.appwrite)
    of_language = [each for each in known if name in (each.key, _family(each, catalog))]
    if not of_language:
        names = dict.fromkeys(text for each in known for text in (each.key, each.id))
        there = f"There are {', '.join(dict.fromkeys(each.key for each in known))}."
        raise RuntimeUnknown(
            f"there is no language and no runtime {name!r}. {meant(name, names) or there}"
        )
    return of_language[-1]


def _family(runtime: Runtime, catalog: Catalog) -> str:
    family = catalog.family(runtime.id)
    return family.key if family else ""
