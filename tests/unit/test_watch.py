"""Watching: every way in which files change is told once, and nothing else is."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appwrite_emulator.project_file import Entry
from appwrite_emulator.trees import scan
from appwrite_emulator.watch import Scope, Watcher
from appwrite_emulator.watch.ears import Ears
from appwrite_emulator.watch.looking import deaf_mounts, pause_after
from appwrite_emulator.watch.watched import Watched

from . import edits


class Told:
    """Counts what a watcher tells about one key."""

    def __init__(self) -> None:
        self.count = 0
        self._more = anyio.Event()

    def change(self) -> None:
        self.count += 1
        self._more.set()

    async def more(self) -> None:
        """Wait until it is told something that nobody waited for yet."""
        with anyio.fail_after(10):
            await self._more.wait()
        self._more = anyio.Event()


class Rationed(Ears):
    """Gets so many folders from the system and no more."""

    ration = 0

    def add(self, folder: str) -> None:
        if folder not in self._ears and len(self._ears) >= self.ration:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), folder)
        super().add(folder)


class Desk:
    """A watcher with two keys: the one of interest, and one whose news come after it."""

    def __init__(
        self, watcher: Watcher, place: Path, sentences: list[str], *, looks: int = 2
    ) -> None:
        self._looks = looks
        self.place = place
        self.folder = place / "f"
        self.folder.mkdir()
        self.sentences = sentences
        self.told = Told()
        self._watcher = watcher
        self._fence = Told()
        (place / "fence").mkdir()

    async def follow(self, *, skip: tuple[str, ...] = (), files: tuple[str, ...] = ()) -> None:
        """Follow the folder, and wait until its changes are heard."""
        paths = tuple(self.place / name for name in files)
        scope = Scope((self.folder,), paths, frozenset(skip))
        self._watcher.follow("f", scope, self.told.change)
        self._watcher.follow("fence", Scope((self.place / "fence",)), self._fence.change)
        await self.told.more()
        await self._fence.more()
        self.told.count = 0

    async def passes_over(self, act: Callable[[], object]) -> bool:
        """Do something, and say whether nothing was told of it when later news have come."""
        await self._catch_up()
        before = self.told.count
        act()
        await self._catch_up()
        return self.told.count == before

    async def _catch_up(self) -> None:
        """Wait until all that happened so far is told.

        What is due at the same time is told in any order; and where it is looked at, one look may
        see the fence and miss the folder.
        """
        for _ in range(self._looks):
            (self.place / "fence" / "x").write_text("")
            await self._fence.more()

    async def tells(self, act: Callable[[], object]) -> None:
        """Do something, and wait until it is told."""
        act()
        await self.told.more()


@pytest.fixture(params=["heard", "looked at"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    sentences: list[str] = []
    listening, looks = (Ears, 2) if request.param == "heard" else (Rationed, 3)
    async with Watcher(sentences.append, listening=listening, interval=0.01) as watcher:
        yield Desk(watcher, tmp_path, sentences, looks=looks)
    assert bool(sentences) == (request.param == "looked at")


@pytest.fixture
async def heard(tmp_path: Path) -> AsyncIterator[Desk]:
    sentences: list[str] = []
    async with Watcher(sentences.append) as watcher:
        yield Desk(watcher, tmp_path, sentences)


def _say_nothing(sentence: str) -> None:
    raise AssertionError(sentence)


def _say_nothing_at_all() -> None:
    raise AssertionError("told too soon")


def _rename_over(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text)
    temporary.replace(path)


def _as_vim(path: Path, text: str) -> None:
    probe = path.with_name("4913")
    probe.touch()
    probe.unlink()
    backup = path.with_name(f"{path.name}~")
    path.rename(backup)
    path.write_text(text)
    backup.unlink()


async def test_saves_are_told(desk: Desk) -> None:
    main = desk.folder / "main.js"
    await desk.follow()
    await desk.tells(lambda: main.write_text("1"))
    await desk.tells(lambda: main.write_text("2"))
    await desk.tells(lambda: _rename_over(main, "3"))
    await desk.tells(lambda: _as_vim(main, "4"))
    await desk.tells(lambda: main.chmod(0o755))
    await desk.tells(main.unlink)


async def test_what_happens_in_new_folders_is_told(desk: Desk) -> None:
    deep = desk.folder / "a" / "b" / "c"
    await desk.follow()
    await desk.tells(lambda: deep.mkdir(parents=True))
    await desk.tells(lambda: (deep / "x.js").write_text("1"))
    await desk.tells(lambda: (deep / "x.js").write_text("2"))
    await desk.tells(lambda: shutil.rmtree(desk.folder / "a"))
    await desk.tells(lambda: deep.mkdir(parents=True))
    await desk.tells(lambda: (deep / "x.js").write_text("3"))


async def test_a_folder_moved_in_or_within_is_told(desk: Desk) -> None:
    (desk.place / "outside" / "deep").mkdir(parents=True)
    await desk.follow()
    await desk.tells(lambda: (desk.place / "outside").rename(desk.folder / "in"))
    await desk.tells(lambda: (desk.folder / "in" / "deep" / "x.js").write_text("1"))
    await desk.tells(lambda: (desk.folder / "in").rename(desk.folder / "on"))
    await desk.tells(lambda: (desk.folder / "on" / "deep" / "x.js").write_text("2"))
    await desk.tells(lambda: (desk.folder / "on").rename(desk.place / "out"))
    assert await desk.passes_over(lambda: (desk.place / "out" / "x.js").write_text("3"))


async def test_a_root_may_go_and_come(desk: Desk) -> None:
    (desk.folder / "lib").mkdir()
    await desk.follow()
    await desk.tells(lambda: shutil.rmtree(desk.folder))
    await desk.tells(desk.folder.mkdir)
    await desk.tells(lambda: (desk.folder / "main.js").write_text("1"))


async def test_a_root_may_be_replaced(desk: Desk) -> None:
    other = desk.place / "g"
    (other / "lib").mkdir(parents=True)
    await desk.follow()

    def replace() -> None:
        desk.folder.rename(desk.place / "old")
        other.rename(desk.folder)

    await desk.tells(replace)
    await desk.tells(lambda: (desk.folder / "lib" / "a.js").write_text("1"))
    assert await desk.passes_over(lambda: (desk.place / "old" / "a.js").write_text("1"))


async def test_a_root_far_below_what_is_there_is_waited_for(desk: Desk) -> None:
    desk.folder = desk.folder / "not" / "yet" / "there"
    await desk.follow()
    await desk.tells(lambda: desk.folder.mkdir(parents=True))
    await desk.tells(lambda: (desk.folder / "main.js").write_text("1"))
    await desk.tells(lambda: shutil.rmtree(desk.place / "f"))
    await desk.tells(lambda: desk.folder.mkdir(parents=True))
    await desk.tells(lambda: (desk.folder / "main.js").write_text("1"))


async def test_a_file_may_be_in_the_way_of_a_root(desk: Desk) -> None:
    way = desk.folder / "way"
    way.touch()
    desk.folder = way / "f"
    await desk.follow()

    def clear() -> None:
        way.unlink()
        desk.folder.mkdir(parents=True)

    await desk.tells(clear)
    await desk.tells(lambda: (desk.folder / "main.js").write_text("1"))


async def test_single_files_are_told_and_their_neighbours_are_not(desk: Desk) -> None:
    project, marker = desk.place / "appwrite.json", desk.folder / "deps" / ".done"
    await desk.follow(skip=("deps",), files=("appwrite.json", "f/deps/.done"))
    await desk.tells(lambda: project.write_text("1"))
    await desk.tells(lambda: _rename_over(project, "2"))
    await desk.tells(project.unlink)
    await desk.tells(marker.parent.mkdir)
    await desk.tells(lambda: marker.write_text("1"))
    assert await desk.passes_over(lambda: (desk.place / "README.md").write_text("1"))
    assert await desk.passes_over(lambda: (marker.parent / "a.js").write_text("1"))
    await desk.tells(lambda: shutil.rmtree(marker.parent))


async def test_links_are_followed_and_may_lead_elsewhere(desk: Desk) -> None:
    for name in ("one", "two"):
        (desk.place / name / "lib").mkdir(parents=True)
    link = desk.folder / "shared"
    link.symlink_to(desk.place / "one")
    await desk.follow()
    await desk.tells(lambda: (desk.place / "one" / "lib" / "a.js").write_text("1"))

    def retarget() -> None:
        link.unlink()
        link.symlink_to(desk.place / "two")

    await desk.tells(retarget)
    await desk.tells(lambda: (desk.place / "two" / "lib" / "a.js").write_text("1"))
    assert await desk.passes_over(lambda: (desk.place / "one" / "lib" / "a.js").write_text("2"))
    await desk.tells(lambda: shutil.rmtree(desk.place / "two"))
    await desk.tells((desk.place / "two").mkdir)
    await desk.tells(lambda: (desk.place / "two" / "b.js").write_text("1"))


async def test_a_file_behind_links_is_told(desk: Desk) -> None:
    (desk.place / "releases" / "1").mkdir(parents=True)
    (desk.place / "releases" / "2").mkdir()
    (desk.place / "current").symlink_to("releases/1")
    (desk.folder / "a.js").symlink_to("../current/a.js")
    await desk.follow()
    await desk.tells(lambda: (desk.place / "releases" / "1" / "a.js").write_text("1"))
    await desk.tells(lambda: _rename_over(desk.place / "releases" / "1" / "a.js", "2"))
    assert await desk.passes_over(lambda: (desk.place / "releases" / "1" / "b.js").write_text("1"))

    def deploy() -> None:
        (desk.place / "next").symlink_to("releases/2")
        (desk.place / "next").replace(desk.place / "current")

    await desk.tells(deploy)
    await desk.tells(lambda: (desk.place / "releases" / "2" / "a.js").write_text("1"))


async def test_links_in_circles_are_survived(desk: Desk) -> None:
    (desk.folder / "up").symlink_to("..")
    (desk.folder / "self").symlink_to("self")
    await desk.follow()
    await desk.tells(lambda: (desk.folder / "main.js").write_text("1"))


async def test_dependency_and_version_folders_are_passed_over(desk: Desk) -> None:
    for name in ("node_modules/a", ".git", "vendor", "public/vendor", ".venv"):
        (desk.folder / name).mkdir(parents=True)
    await desk.follow(skip=("node_modules", "/vendor", ".ven?"))
    for name in ("node_modules/a", "node_modules", ".git", "vendor", ".venv"):
        path = desk.folder / name / "x"
        assert await desk.passes_over(lambda path=path: path.write_text("1")), name  # type: ignore[misc]
    await desk.tells(lambda: (desk.folder / "public" / "vendor" / "x").write_text("1"))


@settings(max_examples=15, deadline=None)
@given(st.lists(edits.EDITS, max_size=6))
def test_no_edit_goes_untold(doing: list[edits.Edit]) -> None:
    anyio.run(_make_and_hear, doing)


async def _make_and_hear(doing: list[edits.Edit]) -> None:
    with TemporaryDirectory() as place:
        async with Watcher(_say_nothing) as watcher:
            desk = Desk(watcher, Path(place), [])
            entry = Entry(id="f", name="f", runtime="node-22", folder=desk.folder)
            tree = scan(entry, skip=["node_modules"])
            await desk.follow(skip=("node_modules",))
            for edit in doing:
                is_quiet = await desk.passes_over(partial(edits.do, desk.folder, edit))
                before, tree = tree, scan(entry, skip=["node_modules"], before=tree)
                assert not is_quiet or tree.fingerprint == before.fingerprint


async def test_a_checkout_of_hundreds_of_files_is_told_once(heard: Desk) -> None:
    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-C", heard.folder, "-c", "user.name=a", "-c", "user.email=a@b", *words],
            check=True,
            capture_output=True,
        )

    def fill(text: str) -> None:
        for number in range(400):
            path = heard.folder / f"d{number % 20}" / f"{text}{number % 2 and number}.js"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    git("init", "-q")
    fill("one")
    git("add", ".")
    git("commit", "-qm", "one")
    git("checkout", "-qb", "other")
    fill("two")
    git("add", ".")
    git("commit", "-qm", "two")
    await heard.follow()
    assert not await heard.passes_over(lambda: git("checkout", "-q", "-"))
    assert heard.told.count <= 3, "one, but for pauses of git on a busy machine"


async def test_changes_without_end_are_told_in_between(heard: Desk) -> None:
    main = heard.folder / "main.js"
    await heard.follow()
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            main.write_text("1")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        await heard.told.more()
        await heard.told.more()
    finally:
        stop.set()
        thread.join()


def test_changes_are_told_after_quiet_and_not_too_late() -> None:
    watched = Watched(Scope(()), _say_nothing_at_all)
    assert watched.due is None
    for number in range(400):
        watched.change(10 + number / 2000)
    assert watched.due == pytest.approx(10.2195)
    watched.change(10.24)
    assert watched.due == pytest.approx(10.25)
    watched.told()
    assert watched.due is None


def test_what_is_being_written_is_waited_for_a_little() -> None:
    watched = Watched(Scope(()), _say_nothing_at_all)
    watched.change(10, is_whole=False)
    assert watched.due == pytest.approx(10.25)
    watched.change(10.1)
    assert watched.due == pytest.approx(10.12)


async def test_a_file_is_told_when_it_is_closed(heard: Desk) -> None:
    main = heard.folder / "main.js"
    main.touch()
    await heard.follow()
    with main.open("wb", buffering=0) as file:
        assert await heard.passes_over(lambda: file.write(b"half"))
        file.write(b" and half")
    await heard.told.more()


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="Linux alone has files without a name")
async def test_a_file_that_gets_a_name_late_is_told(heard: Desk) -> None:
    await heard.follow()
    file = os.open(heard.folder, os.O_TMPFILE | os.O_WRONLY)
    try:
        os.write(file, b"1")
        target = heard.folder / "main.js"
        await heard.tells(lambda: os.link(f"/proc/self/fd/{file}", target, src_dir_fd=file))
    finally:
        os.close(file)


async def test_a_second_name_of_a_file_is_told(heard: Desk) -> None:
    (heard.place / "a.js").write_text("1")
    await heard.follow()
    await heard.tells(lambda: (heard.folder / "a.js").hardlink_to(heard.place / "a.js"))


async def test_what_is_read_is_not_told(heard: Desk) -> None:
    main = heard.folder / "main.js"
    main.write_text("1")
    await heard.follow()
    assert await heard.passes_over(main.read_text)


async def test_what_a_key_followed_is_forgotten(heard: Desk) -> None:
    await heard.follow()
    heard._watcher.follow("f", Scope((heard.place / "g",)), heard.told.change)
    await heard.told.more()
    assert await heard.passes_over(lambda: (heard.folder / "main.js").write_text("1"))
    heard._watcher.forget("f")
    heard._watcher.forget("f")
    assert await heard.passes_over((heard.place / "g").mkdir)


async def test_events_that_were_lost_make_everything_be_looked_at(
    heard: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await heard.follow()
    lookout = heard._watcher._lookout
    assert lookout is not None
    # What watchdog's thread calls when the kernel's queue has run over.
    for ear in lookout._ears._ears.values():
        ear.on_queue_overflow()
    await heard.told.more()
    await heard.tells(lambda: (heard.folder / "main.js").write_text("1"))


@pytest.fixture
def plain_user() -> Iterator[None]:
    """The test runs as somebody from whom a folder can be kept."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    yield
    os.seteuid(user)


async def test_a_folder_that_cannot_be_read_hinders_no_other(plain_user: None) -> None:
    sentences: list[str] = []
    with TemporaryDirectory() as place:
        async with Watcher(sentences.append) as watcher:
            desk = Desk(watcher, Path(place), sentences)
            (desk.folder / "closed").mkdir(mode=0)
            (desk.folder / "open").mkdir()
            await desk.follow()
            await desk.tells(lambda: (desk.folder / "open" / "a.js").write_text("1"))
            await desk.tells(lambda: (desk.folder / "closed").chmod(0o755))
            await desk.tells(lambda: (desk.folder / "closed" / "a.js").write_text("1"))
    assert len(sentences) == 1
    assert sentences[0].startswith(f"{desk.folder}/closed: ")


async def test_what_the_system_does_not_give_is_said_once(tmp_path: Path) -> None:
    class Few(Rationed):
        ration = 2

    sentences: list[str] = []
    async with Watcher(sentences.append, listening=Few) as watcher:
        desk = Desk(watcher, tmp_path, sentences)
        for name in ("a", "b", "c"):
            (desk.folder / name).mkdir()
        await desk.follow()
        await desk.tells(lambda: (desk.folder / "c" / "a.js").write_text("1"))
    assert len(sentences) == 1
    assert "max_user_watches" in sentences[0]
    assert "0.3 seconds" in sentences[0]


async def test_a_watcher_without_use_has_no_thread() -> None:
    before = threading.active_count()
    async with Watcher(_say_nothing):
        assert threading.active_count() == before


async def test_a_watcher_leaves_nothing_behind(heard: Desk) -> None:
    def held() -> tuple[int, int]:
        threads = sum(thread.name.startswith("watch") for thread in threading.enumerate())
        return threads, len(os.listdir("/dev/fd"))

    before = held()
    async with Watcher(_say_nothing) as watcher:
        told = Told()
        watcher.follow("f", Scope((heard.folder,)), told.change)
        await told.more()
        assert held() > before
    assert held() == before


MOUNTS = """\
overlay / overlay rw 0 0
server:/x /mnt/with\\040space nfs4 rw 0 0
tmpfs /mnt/with\\040space/tmp tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kinds"),
    [
        ("/", {}),
        ("/mnt/with space", {"/mnt/with space": "nfs4"}),
        ("/mnt/with space/f", {"/mnt/with space": "nfs4"}),
        ("/mnt/with space/tmp/f", {}),
        ("/mnt/with spaces", {}),
    ],
)
def test_file_systems_that_tell_too_little_are_known(folder: str, kinds: dict[str, str]) -> None:
    assert deaf_mounts([folder], MOUNTS) == kinds


def test_looking_takes_a_small_part_of_the_time() -> None:
    assert pause_after(0.1) == 2.0
