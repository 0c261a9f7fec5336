"""Deployments that are copies of a folder: downloaded, repeated and moved as others are."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from appwrite_emulator.builder import generation
from appwrite_emulator.models import Deployment, DeploymentStatus, DeploymentType, unique_id
from appwrite_emulator.project_file import Entry
from appwrite_emulator.services.deployments import Draft
from appwrite_emulator.trees import scan

from .server import Project

MAIN = "import six\ndef main(context):\n    return context.res.text('{}' + six.TEXT)\n"
PACKAGES = ".venv/lib/python{}/site-packages"


class Follower:
    """Deploys a folder as reloading does, without watching it."""

    def __init__(self, owner: Project, folder: Path) -> None:
        self.owner = owner
        self.folder = folder
        self.previous: Path | None = None

    def deploy(self) -> Deployment:
        """A new generation of the folder, active at once."""
        made: Deployment = self.owner.server.run(self._deploy)
        return made

    async def _deploy(self) -> Deployment:
        services = self.owner.server.emulator.services
        ground, catalog = services.ground, services.ground.catalog
        function = services.functions.get(self.owner.id, "f")
        family = catalog.family(function.runtime)
        assert family
        launch = await catalog.launch(function.runtime, ground.probe)
        skip, markers = generation.left_out(family, launch)
        entry = Entry(id="f", name="F", runtime=function.runtime, folder=self.folder)
        recipe = generation.Recipe(
            runtime=function.runtime, entrypoint="main.py", commands="", era="1.9"
        )
        found = None if self.previous else generation.find(self.folder, family, launch)
        name = ground.files.new_build()
        folder = ground.files.build(name)
        tree = scan(entry, skip=skip, markers=markers)
        record = generation.lay(tree, folder, self.previous, recipe, found=found)
        self.previous = folder
        draft = Draft("main.py", "", True, DeploymentType.CLI)
        fields: dict[str, Any] = {"build": name, "install": record.home,
                                  "fingerprint": tree.fingerprint, "build_size": record.size,
                                  "status": DeploymentStatus.READY}  # fmt: skip
        made = services.deployments.add(function, draft, size=0, id=unique_id(), **fields)
        services.functions.activate(function, made)
        return made


@pytest.fixture
def follower(project: Project, tmp_path: Path) -> Follower:
    """Over a folder with code that needs a package which is installed in it."""
    project.function()
    runtime = project.get("/functions/f").json["runtime"]
    services = project.server.emulator.services
    catalog, probe = services.ground.catalog, services.ground.probe
    version = project.server.run(catalog.launch, runtime, probe).version
    packages = tmp_path / PACKAGES.format(".".join(version.split(".")[:2]))
    packages.mkdir(parents=True)
    (packages / "six.py").write_text("TEXT = ' with six'")
    (tmp_path / ".venv/pyvenv.cfg").touch()
    (tmp_path / "main.py").write_text(MAIN.format("first"))
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/data").write_text("data")
    return Follower(project, tmp_path)


def files_in(archive: bytes) -> dict[str, str]:
    """The files of a .tar.gz with their content."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {item.name: file.read().decode() for item in tar if (file := tar.extractfile(item))}


def test_a_generation_runs_with_what_is_installed_in_the_folder(follower: Follower) -> None:
    follower.deploy()
    assert follower.owner.execute("f")["responseBody"] == "first with six"
    (follower.folder / "main.py").write_text(MAIN.format("second"))
    made = follower.deploy()
    assert made.install
    assert follower.owner.execute("f")["responseBody"] == "second with six"


def test_its_source_and_its_output_can_be_downloaded_whole(follower: Follower) -> None:
    follower.deploy()
    made = follower.deploy()
    path = f"/functions/f/deployments/{made.id}/download"

    reply = follower.owner.call("GET", path)
    source = {"main.py": MAIN.format("first"), "lib/data": "data"}
    assert (reply.status, files_in(reply.body)) == (200, source)
    assert reply.header("content-disposition") == f'attachment; filename="{made.id}-source.tar.gz"'
    output = files_in(follower.owner.call("GET", f"{path}?type=output").body)
    assert output.items() > source.items()
    assert [name for name in output if name.endswith("site-packages/six.py")]


def test_a_duplicate_of_it_is_built_from_its_sources(follower: Follower) -> None:
    made = follower.deploy()
    body = {"deploymentId": made.id}
    copy = follower.owner.post("/functions/f/deployments/duplicate", body).expect(202)
    built = follower.owner.built("f", copy["$id"])

    assert (built["status"], built["type"]) == ("ready", "cli")
    path = f"/functions/f/deployments/{copy['$id']}/download"
    assert files_in(follower.owner.call("GET", path).body).keys() == {"main.py", "lib/data"}


def test_one_whose_files_were_lost_is_missing(follower: Follower) -> None:
    made = follower.deploy()
    assert follower.previous
    os.rename(follower.previous, follower.folder / "lost")
    for path in ("download", "download?type=output"):
        reply = follower.owner.call("GET", f"/functions/f/deployments/{made.id}/{path}")
        assert reply.error[:2] == (404, "deployment_not_found")
    body = {"deploymentId": made.id}
    reply = follower.owner.post("/functions/f/deployments/duplicate", body)
    assert reply.error[:2] == (404, "deployment_not_found")
