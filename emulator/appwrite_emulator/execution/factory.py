"""The making of workers: where they live, what they load, and what is theirs on the disk."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import anyio

from ..catalog import Launch
from ..sandbox import Command, Limits
from . import offspring
from .premises import Premises
from .spawner import Spawner
from .starter import Bindable
from .worker import Load, Worker

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CODE = Path("src") / "function"  # code root within a build folder
_REMEMBERED = 1024  # builds


class BuiltTarget(Bindable, Protocol):
    """What a worker of ours loads."""

    @property
    def folder(self) -> Path:
        """Its build folder."""
        ...

    @property
    def entrypoint(self) -> str:
        """The file to load, from the code root."""
        ...

    @property
    def memory(self) -> int:
        """What it may use, in MB."""
        ...


class WorkerFactory:
    """Makes workers with a home of their own, and knows what of their folders is theirs.

    Those that run as another user cannot write where they were built.
    """

    def __init__(self, spawner: Spawner, homes: Path, *, max_body: int) -> None:
        self._spawner = spawner
        self._homes = homes
        self._max_body = max_body
        self._home_of: dict[Worker, Path] = {}
        self._premises_of: dict[Worker, list[Premises]] = {}
        self._builds: dict[Path, Premises] = {}  # those in which functions can write
        self._suspects: dict[tuple[str, str], Premises] = {}  # whose workers ended unseen

    def make(
        self,
        launch: Launch,
        on_free: Callable[[Worker], None],
        on_lost: Callable[[Worker], None],
    ) -> Worker:
        return Worker(launch, max_body=self._max_body, on_free=on_free, on_lost=on_lost)

    async def start(self, worker: Worker, env: Mapping[str, str]) -> None:
        home = self._home_of[worker] = self._homes / secrets.token_hex(8)
        launch = worker.launch
        command = Command(
            argv=launch.argv,
            env={"PATH": _path_of(launch), **dict(launch.env), **env},
            cwd="/",
            home=str(home),
            limits=Limits(),
        )
        await worker.start(self._spawner, command)

    def load_of(self, target: BuiltTarget) -> Load:
        root = target.folder / _CODE
        folders = [str(root / name) for name in target.launch.path if (root / name).is_dir()]
        path = ":".join([*folders, _path_of(target.launch)])
        header = {
            "dir": str(root),
            "entrypoint": target.entrypoint,
            "env": {"PATH": path, **target.env},
            "cwd": str(target.folder / target.launch.workdir),
        }
        heap = max(2 * target.memory, target.launch.memory_floor)
        return Load(header, target.memory << 20, heap << 20)

    async def note(self, worker: Worker, target: BuiltTarget) -> None:
        """`worker` has loaded `target`: what lies in its folders now belongs there."""
        worker.offspring = offspring.of(worker.pid or 0)
        home = Premises(str(self._home_of[worker]))
        build = None if self._spawner.sandbox.owner else self._build(target)
        self._premises_of[worker] = [home, build] if build else [home]
        await anyio.to_thread.run_sync(_note, self._premises_of[worker])

    def _build(self, target: BuiltTarget) -> Premises:
        folder = target.folder
        if folder not in self._builds:
            if len(self._builds) >= _REMEMBERED:
                self._builds.clear()
            skipped = target.launch.dependency_folders
            self._builds[folder] = Premises(str(folder), skipped=skipped, exact=False)
        return self._builds[folder]

    def premises(self, worker: Worker) -> list[Premises]:
        """The folders that calls of `worker` may have changed."""
        return self._premises_of.get(worker, [])

    def take_suspects(self, key_prefix: str) -> list[tuple[str, Premises]]:
        """The builds in which workers of these keys may have written that are no more, with the
        keys they had."""
        taken = [place for place in self._suspects if place[0].startswith(key_prefix)]
        found = [(key, self._suspects.pop((key, root))) for key, root in taken]
        return [each for each in found if os.path.isdir(each[1].root)]

    async def bury(self, worker: Worker) -> None:
        await worker.bury()
        for premises in self._premises_of.pop(worker, [])[1:]:  # the home goes
            if worker.served != worker.tidied:
                self._suspect(worker.key, premises)
        if home := self._home_of.pop(worker, None):
            await anyio.to_thread.run_sync(lambda: shutil.rmtree(home, ignore_errors=True))

    def _suspect(self, key: str, premises: Premises) -> None:
        """Look into it at the next tidying. Where there never is one, builds come and go."""
        self._suspects.setdefault((key, premises.root), premises)
        if len(self._suspects) > _REMEMBERED:
            del self._suspects[next(iter(self._suspects))]


def _note(premises: Sequence[Premises]) -> None:
    for each in premises:
        if not each.is_noted:
            each.note()


def _path_of(launch: Launch) -> str:
    return f"{Path(launch.interpreter).parent}:{_PATH}"
