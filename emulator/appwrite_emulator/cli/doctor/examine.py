"""All areas, one after the other; the slow one, asking interpreters, at the end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from anyio import to_thread

from ...client.workspace import configure, languages, locate
from . import machine, place, repositories, runtimes, webhooks
from .parts import Part


async def examine(directory: Path | None, options: Mapping[str, Any]) -> tuple[Part, ...]:
    """What `start` with the same folder and options would find. Raises ConfigError."""
    directory, path = locate(directory)
    config = configure(directory, options)
    project_part, project = await to_thread.run_sync(
        place.examine_project, directory, path, languages(config), config.appwrite
    )
    sandbox_part, sandbox = await to_thread.run_sync(machine.examine_sandbox, config.sandbox)
    entries = project.functions if project else ()
    return (
        project_part,
        await runtimes.examine(config, entries, sandbox),
        sandbox_part,
        machine.examine_watching(),
        await to_thread.run_sync(place.examine_state, config, directory),
        await to_thread.run_sync(place.examine_port, config),
        machine.examine_python(),
        *await to_thread.run_sync(repositories.examine_repositories, config),
        *await to_thread.run_sync(webhooks.examine_webhooks, config),
    )
