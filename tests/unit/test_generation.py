"""Generations: what is shared with the one before, what is copied, and what is never stale."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from appwrite_emulator.assets import assets
from appwrite_emulator.builder import folders, generation
from appwrite_emulator.builder.generation import Recipe, Record, TreeMoved, Way
from appwrite_emulator.catalog import Launch
from appwrite_emulator.manifest import Family, read_family
from appwrite_emulator.project_file import Entry
from appwrite_emulator.trees import Tree, scan

from .engine import launch

FAMILIES = {
    name: read_family(assets("runtimes") / name / "runtime.toml")
    for name in ("node", "python", "php")
}
LAUNCH = launch(runtime="node-22", family="node", version="22.1.0", start_variables=())


@dataclass
class Desk:
    """A developer's folder, and the builds that are made of it."""

    place: Path
    family: Family = field(default_factory=lambda: FAMILIES["node"])
    launch: Launch = LAUNCH
    commands: str = ""
    entrypoint: str = "main.js"
    era: str = "1.9"
    last: Path | None = None
    count: int = 0

    @property
    def folder(self) -> Path:
        return self.place / "fn"

    @property
    def recipe(self) -> Recipe:
        return Recipe(
            runtime=self.launch.runtime,
            entrypoint=self.entrypoint,
            commands=self.commands,
            era=self.era,  # type: ignore[arg-type]  # a Literal
            version=self.launch.version,
        )

    def write(self, files: dict[str, str]) -> None:
        for name, content in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(content)

    def scan(self) -> Tree:
        skip, markers = generation.left_out(self.family, self.launch)
        entry = Entry(
            id="f", name="F", runtime="node-22", folder=self.folder, commands=self.commands
        )
        return scan(entry, skip=skip, markers=markers)

    def find(self) -> generation.Found | None:
        return generation.find(self.folder, self.family, self.launch)

    def need(self) -> generation.Need:
        last = generation.record_of(self.last) if self.last else None
        sources = self.scan().files
        return generation.need(self.recipe, sources, self.family, last=last, found=self.find())

    def new(self) -> Path:
        self.count += 1
        return self.place / "builds" / f"b{self.count}"

    def lay(self, *, bring: bool = False) -> Path:
        """The code root of the next generation."""
        folder = self.new()
        found = self.find() if bring else None
        generation.lay(self.scan(), folder, self.last, self.recipe, found=found)
        self.last = folder
        return folders.code_root(folder)

    def build(self, act: Callable[[Path], None] = lambda code: None) -> Path:
        """The same, after commands that `act` plays."""
        folder = self.new()
        generation.prepare(
            self.scan(), folder, self.last, self.recipe, self.family, found=self.find()
        )
        code = folders.code_root(folder)
        act(code)
        folders.write_metadata(code, self.entrypoint, "1.9")
        folders.seal(code)
        generation.conclude(folder, self.family)
        self.last = folder
        return code

    def follow(self) -> Path:
        """The next generation, made as it needs to be."""
        way = self.need().way
        return self.build() if way is Way.BUILD else self.lay(bring=way is Way.BRING)

    def record(self) -> Record:
        record = self.last and generation.record_of(self.last)
        assert record
        return record


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.write({"main.js": "main", "lib/a.js": "a", "lib/b.js": "b"})
    return desk


def install(desk: Desk, *packages: str, at: float | None = None) -> None:
    """What npm leaves, `at` seconds from now."""
    for name in packages:
        desk.write({f"node_modules/{name}/index.js": name})
    desk.write({"node_modules/.package-lock.json": "{}"})
    if at is not None:
        stamp = time.time() + at
        os.utime(desk.folder / "node_modules/.package-lock.json", (stamp, stamp))


def content(code: Path) -> dict[str, str]:
    """Every file that can be read from a code root, through links too."""
    found = {}
    for parent, _, names in os.walk(code, followlinks=True):
        for name in names:
            path = Path(parent, name)
            if name != folders.METADATA:
                found[path.relative_to(code).as_posix()] = path.read_text()
    return found


def test_a_generation_is_a_sealed_copy(desk: Desk) -> None:
    (desk.folder / "lib/a.js").chmod(0o700)
    code = desk.lay()

    assert content(code) == {"main.js": "main", "lib/a.js": "a", "lib/b.js": "b"}
    modes = {
        path: stat.S_IMODE((code / path).stat().st_mode)
        for path in ("main.js", "lib/a.js", "lib", ".", folders.METADATA)
    }
    assert modes == {
        "main.js": 0o444, "lib/a.js": 0o555, "lib": 0o755, ".": 0o755, folders.METADATA: 0o444,
    }  # fmt: skip
    assert (code / folders.METADATA).read_text().startswith("OPEN_RUNTIMES_ENTRYPOINT=main.js\n")
    assert (desk.folder / "main.js").stat().st_nlink == 1


def test_what_did_not_change_is_shared_with_the_one_before(desk: Desk) -> None:
    first = desk.lay()
    desk.write({"lib/a.js": "new"})
    (desk.folder / "lib/b.js").rename(desk.folder / "lib/c.js")
    second = desk.lay()

    assert content(first)["lib/a.js"] == "a"
    assert content(second) == {"main.js": "main", "lib/a.js": "new", "lib/c.js": "b"}
    assert (first / "main.js").samefile(second / "main.js")
    assert desk.record().size == len("mainnewb")


def test_a_new_mode_is_a_change(desk: Desk) -> None:
    desk.lay()
    (desk.folder / "main.js").chmod(0o755)

    assert os.access(desk.lay() / "main.js", os.X_OK)


def test_a_lost_file_of_the_one_before_comes_from_the_folder(desk: Desk) -> None:
    (desk.lay() / "main.js").unlink()

    assert content(desk.lay())["main.js"] == "main"


@pytest.mark.parametrize("change", ["rewritten", "mode", "gone"])
def test_what_changed_since_it_was_scanned_is_refused(desk: Desk, change: str) -> None:
    tree, path = desk.scan(), desk.folder / "main.js"
    if change == "rewritten":
        path.write_text("else")
    elif change == "mode":
        path.chmod(0o700)
    else:
        path.unlink()

    with pytest.raises(TreeMoved, match=r"main\.js (changed|went away) while"):
        generation.lay(tree, desk.new(), None, desk.recipe)


def test_links_are_taken_as_what_they_lead_to(desk: Desk) -> None:
    (desk.place / "elsewhere").mkdir()
    (desk.place / "elsewhere/x.js").write_text("x")
    (desk.folder / "shared").symlink_to("../elsewhere")
    code = desk.lay()

    assert (code / "shared/x.js").read_text() == "x"
    assert not (code / "shared").is_symlink()


def test_the_old_era_has_no_dotfiles_at_the_root_but_keeps_them(desk: Desk) -> None:
    desk.era = "1.6"
    desk.write({".hidden": "1", "lib/.kept": "2"})
    desk.lay()
    code = desk.lay()

    assert ".hidden" not in content(code)
    assert content(code)["lib/.kept"] == "2"
    assert desk.last
    assert Path(desk.record().place_of(desk.last, ".hidden")).read_text() == "1"


def test_a_build_goes_on_from_an_upload_as_from_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.last = tmp_path / "builds" / "upload"
    folders.make_code_root(desk.last).joinpath("main.js").write_text("uploaded")

    assert generation.sources_of(desk.last) is None
    assert content(desk.lay())["main.js"] == "main"
    assert generation.sources_of(desk.last) == desk.scan().files


def test_an_install_is_linked_by_all_that_follow_and_never_in_a_chain(desk: Desk) -> None:
    install(desk, "express")
    first = desk.lay(bring=True)
    desk.lay()
    third = desk.lay()

    assert not (first / "node_modules").is_symlink()
    assert os.readlink(third / "node_modules") == "../../../b1/src/function/node_modules"
    assert content(third)["node_modules/express/index.js"] == "express"
    assert desk.record().home == "b1"
    assert desk.record().size == len("mainab") + len("express") + len("{}")


def test_a_generation_whose_install_was_lost_is_none(desk: Desk) -> None:
    install(desk, "express")
    first = desk.lay(bring=True)
    desk.lay()
    shutil.rmtree(first.parents[1])

    assert desk.last
    assert generation.record_of(desk.last) is None
    assert "node_modules/express/index.js" not in content(desk.lay())


def test_an_install_that_links_to_sources_is_never_stale(desk: Desk) -> None:
    install(desk, "express", "@my/other")
    (desk.folder / "node_modules/@my/lib").symlink_to("../../lib")
    desk.lay(bring=True)
    desk.write({"lib/a.js": "new"})
    code = desk.lay()

    assert (code / "node_modules/@my/lib/a.js").read_text() == "new"
    assert (code / "node_modules/@my/lib").resolve() == code / "lib"
    assert content(code)["node_modules/@my/other/index.js"] == "@my/other"
    assert (code / "node_modules/express").is_symlink()


def test_composers_autoloader_finds_the_sources_of_its_build(desk: Desk) -> None:
    desk.family = FAMILIES["php"]
    desk.write({"vendor/autoload.php": "", "vendor/composer/autoload_psr4.php": "here",
                "vendor/psr/log/a.php": "log"})  # fmt: skip
    desk.lay(bring=True)
    code = desk.lay()

    for path in ("vendor/autoload.php", "vendor/composer/autoload_psr4.php"):
        assert (code / path).resolve() == code / path
    assert (code / "vendor/psr").is_symlink()


def environment(desk: Desk, version: str = "3.12") -> Path:
    desk.family = FAMILIES["python"]
    desk.launch = replace(LAUNCH, family="python", runtime="python-3.12", version="3.12.4")
    packages = desk.folder / f".venv/lib/python{version}/site-packages"
    packages.mkdir(parents=True)
    (packages / "six.py").write_text("six")
    (desk.folder / ".venv/pyvenv.cfg").write_text("home = /usr/bin")
    (desk.folder / ".venv/bin").mkdir()
    (desk.folder / ".venv/bin/python").symlink_to("/bin/sh")
    (desk.folder / ".venv/lib64").symlink_to("lib")
    return packages


def test_a_virtual_environment_works_where_it_is_brought(desk: Desk) -> None:
    packages = environment(desk)
    (desk.folder / ".venv/bin/tool").write_text(f"#!{desk.folder}/.venv/bin/python\n")
    (packages / "own.pth").write_text(f"{desk.folder}/lib\n")
    first = desk.lay(bring=True)
    desk.write({"lib/a.js": "new"})
    second = desk.lay()

    assert (first / "runtime-env/bin/tool").read_text() == f"#!{first}/runtime-env/bin/python\n"
    assert os.readlink(second / "runtime-env/bin/python") == "/bin/sh"
    assert os.readlink(first / "runtime-env/lib64") == "lib"
    path = "runtime-env/lib/python3.12/site-packages/own.pth"
    assert (second / path).read_text() == f"{second}/lib\n"
    assert (second / path).with_name("six.py").read_text() == "six"
    assert packages.joinpath("own.pth").read_text() == f"{desk.folder}/lib\n"


def test_an_environment_for_another_python_is_none(desk: Desk) -> None:
    environment(desk, "3.9")

    assert desk.find() is None


def test_links_out_of_the_folder_are_replaced_by_what_they_lead_to(desk: Desk) -> None:
    install(desk, "express")
    shared = desk.place / "shared"
    (shared / ".git").mkdir(parents=True)
    (shared / "index.js").write_text("shared")
    (shared / "self").symlink_to(".")
    (desk.folder / "node_modules/shared").symlink_to(shared)
    (desk.folder / "node_modules/gone").symlink_to("../../gone")
    code = desk.lay(bring=True)

    assert sorted(os.listdir(code / "node_modules/shared")) == ["index.js"]
    assert not os.path.lexists(code / "node_modules/gone")


def test_packages_of_a_workspace_come_with_all_they_need(desk: Desk) -> None:
    store = desk.place / "node_modules/.pnpm"
    for name, needed in (("express@4", "accepts@1"), ("accepts@1", "express@4")):
        package, other = name.partition("@")[0], needed.partition("@")[0]
        (store / name / "node_modules" / package).mkdir(parents=True)
        (store / name / "node_modules" / package / "index.js").write_text(package)
        (store / name / "node_modules" / other).symlink_to(f"../../{needed}/node_modules/{other}")
    (store / "unused@1").mkdir()
    install(desk)
    (desk.folder / "node_modules/express").symlink_to(
        "../../node_modules/.pnpm/express@4/node_modules/express"
    )
    code = desk.lay(bring=True)

    found = (code / "node_modules/express").resolve()
    assert found.is_relative_to(code)
    assert (found / "index.js").read_text() == "express"
    assert (found.parent / "accepts/index.js").read_text() == "accepts"
    assert sorted(os.listdir(code / "node_modules/.pnpm")) == ["accepts@1", "express@4"]


def test_a_package_manager_at_work_is_waited_for(desk: Desk) -> None:
    install(desk, "express")
    tree, found = desk.scan(), desk.find()

    def work() -> None:
        install(desk, "koa", at=60)

    with pytest.raises(TreeMoved, match="node_modules changed while"):
        generation.lay(tree, desk.new(), None, desk.recipe, found=found, check=work)


def test_copying_an_install_can_be_stopped(desk: Desk) -> None:
    install(desk, *(f"p{number}" for number in range(10)))
    steps: list[int] = []

    def stop_in_the_middle() -> None:
        steps.append(len(steps))
        if len(steps) == 5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        generation.lay(
            desk.scan(), desk.new(), None, desk.recipe, found=desk.find(), check=stop_in_the_middle
        )
    assert len(steps) == 5


def test_a_language_needs_no_more_than_the_names_of_its_folders(desk: Desk) -> None:
    desk.family = replace(FAMILIES["node"], dependency_folders=("/deps",), installs=())
    desk.write({"deps/a": "theirs", "lib/deps/b": "source"})
    assert desk.need() == (Way.BRING, "first build")
    assert content(desk.follow())["deps/a"] == "theirs"
    assert content(desk.follow())["lib/deps/b"] == "source"
    assert desk.record().home == "b1"

    desk.commands = "make"
    assert desk.need().way is Way.BUILD
    desk.build(_write_deps)
    assert content(desk.lay())["deps/a"] == "ours"
    assert desk.record().home == "b3"


def _write_deps(code: Path) -> None:
    (code / "deps/a").write_text("ours")


def test_commands_get_all_to_change_and_change_nothing_that_serves(desk: Desk) -> None:
    desk.commands = "npm install"
    install(desk, "express", at=60)
    served = desk.lay(bring=True)
    before = content(served)

    def act(code: Path) -> None:
        for path in (code / "main.js", code / "node_modules/express/index.js"):
            path.write_text("by commands")

    desk.build(act)

    assert content(served) == before
    assert desk.record().rewritten == ("main.js",)
    assert content(desk.lay())["main.js"] == "main"


def test_outputs_come_along_and_give_way_to_sources(desk: Desk) -> None:
    desk.commands = "make"

    def act(code: Path) -> None:
        for path in ("made/x", "taken", "node_modules/m/index.js", "__pycache__/y"):
            (code / path).parent.mkdir(parents=True, exist_ok=True)
            (code / path).write_text(path)
        (code / "link").symlink_to("made/x")

    built = desk.build(act)
    desk.write({"taken/by": "source"})
    code = desk.lay()

    assert desk.record().outputs.keys() >= {"made/x", "link"}
    assert content(code) == {
        "main.js": "main", "lib/a.js": "a", "lib/b.js": "b", "made/x": "made/x", "link": "made/x",
        "taken/by": "source", "node_modules/m/index.js": "node_modules/m/index.js",
    }  # fmt: skip
    assert (code / "node_modules").resolve() == built / "node_modules"


def test_on_another_disk_files_are_copied(desk: Desk) -> None:
    first = desk.lay()
    memory = Path("/dev/shm")  # where there is none, this tests the same disk
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        generation.lay(desk.scan(), Path(place, "b"), desk.last, desk.recipe)
        code = folders.code_root(Path(place, "b"))

        assert content(code) == content(first)
        is_same_disk = code.stat().st_dev == first.stat().st_dev
        assert (code / "main.js").samefile(first / "main.js") == is_same_disk


def test_a_save_of_one_among_200_files_is_laid_in_some_milliseconds(desk: Desk) -> None:
    desk.write({f"src/{n % 20}/{n}.js": f"content {n}" * 50 for n in range(200)})
    desk.lay()
    times = []
    for number in range(10):
        desk.write({"src/1/1.js": str(number)})
        tree, folder = desk.scan(), desk.new()
        begun = time.perf_counter()
        generation.lay(tree, folder, desk.last, desk.recipe)
        times.append(time.perf_counter() - begun)
        desk.last = folder

    assert min(times) < 0.02


def test_the_first_is_built_unless_there_is_nothing_to_run_or_all_is_installed(desk: Desk) -> None:
    assert desk.need() == (Way.LAY, "")
    desk.commands = "npm install"
    assert desk.need() == (Way.BUILD, "first build")
    install(desk, "express")
    assert desk.need() == (Way.BRING, "first build")
    desk.entrypoint = "dist/main.js"
    assert desk.need() == (Way.BUILD, "first build")


def test_a_save_is_instant_until_what_is_to_be_installed_changes(desk: Desk) -> None:
    desk.commands = "npm install"
    desk.write({"package.json": "1"})
    install(desk, "express", at=60)
    desk.follow()
    desk.write({"main.js": "new", "lib/package.json": "no matter"})
    assert desk.need() == (Way.LAY, "")
    desk.follow()

    desk.write({"package.json": "2"})
    os.utime(desk.folder / "package.json", (time.time() + 120,) * 2)
    assert desk.need() == (Way.BUILD, "package.json changed")
    install(desk, "koa", at=180)
    assert desk.need() == (Way.BRING, "package.json changed")
    desk.follow()
    install(desk, "fastify", at=240)
    assert desk.need() == (Way.BRING, "node_modules changed")
    assert "node_modules/fastify/index.js" in content(desk.follow())


def test_what_commands_installed_serves_until_they_or_the_runtime_change(desk: Desk) -> None:
    desk.commands = "npm install"
    desk.build()
    assert desk.need() == (Way.LAY, "")
    desk.commands = "npm ci"
    assert desk.need() == (Way.BUILD, "the commands changed")
    desk.build()
    desk.launch = replace(LAUNCH, runtime="node-20", version="20.0.0")
    assert desk.need() == (Way.BUILD, "the runtime is node-20 now")


@pytest.mark.parametrize("entrypoint", ["lib/made.js", "dist/main.js"])
def test_a_built_entrypoint_is_built_after_every_save(desk: Desk, entrypoint: str) -> None:
    desk.commands, desk.entrypoint = "npm run build", entrypoint
    desk.write({"dist/main.js": "made by the developer's own build"})
    desk.build()

    assert desk.need() == (Way.BUILD, f"{entrypoint} is built")


def test_commands_that_change_a_source_run_after_every_save(desk: Desk) -> None:
    desk.commands = "sed -i s/main/MAIN/ main.js"
    desk.write({"package-lock.json": "1"})

    def act(code: Path) -> None:
        (code / "package-lock.json").write_text("2")
        (code / "main.js").write_text("MAIN")

    desk.build(act)

    assert desk.need() == (Way.BUILD, "the commands change main.js")


def test_an_install_without_commands_is_brought_as_it_is(desk: Desk) -> None:
    desk.write({"package.json": "1"})
    install(desk, "express", at=-60)

    assert desk.need() == (Way.BRING, "first build")
    desk.follow()
    assert desk.need() == (Way.LAY, "")


def test_commands_begin_with_an_install_that_is_out_of_date(desk: Desk) -> None:
    desk.commands = "npm install"
    desk.write({"package.json": "1"})
    install(desk, "express", at=-60)
    seen: list[str] = []
    assert desk.need() == (Way.BUILD, "first build")
    desk.build(lambda code: seen.extend(content(code)))

    assert "node_modules/express/index.js" in seen
    assert desk.need() == (Way.LAY, "")
