"""The doors of deployments and their builds, by the paths of both eras."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..chunks import ContentRange, Received, chunks_total
from ..config import Config
from ..errors import ApiError
from ..models import Deployment, DeploymentType
from ..services import deployments as service
from ..services.archives import Archives
from ..services.deployments import Deployments, Source
from ..services.uploads import Chunk, Uploads
from ..services.variables import Variables
from . import render
from .body import read_body
from .functions import READ, WRITE
from .listing import LIST, read_listing
from .params import Param, query_params, read
from .ranges import byte_range
from .reply import FileReply, Reply, json_reply
from .request import MAX_BODY, Request, Version
from .route import Answer, Operation, Route
from .upload import Form, choose_code, read_form
from .validators import Boolean, Text, Uid, WhiteList

EVENT = "functions.[functionId].deployments.[deploymentId]"

_CREATE = (
    Param("entrypoint", Text(1028), None),
    Param("commands", Text(8192, 0), None),
    Param("activate", Boolean(loose=True)),
)
_DEPLOYMENT_ID = (Param("deploymentId", Uid()),)
_BUILD_ID = Param("buildId", Text(36, 0), "")  # of no effect: a deployment has one build
_DOWNLOAD = (Param("type", WhiteList(("source", "output")), "source"),)
_DOWNLOAD_OUTPUT = (Param("type", WhiteList(("source", "output")), "output"),)
_CREATES = Operation("functions.createDeployment", _CREATE, 202, "deployment", file="code")
_LISTS = Operation("functions.listDeployments", LIST, model="deploymentList")
_DUPLICATES = Operation(
    "functions.createDuplicateDeployment", (*_DEPLOYMENT_ID, _BUILD_ID), 202, "deployment"
)
_ACTIVATES = Operation("functions.updateFunctionDeployment", _DEPLOYMENT_ID, model="function")
_ACTIVATES_OLD = Operation("functions.updateDeployment", model="function")
_GETS = Operation("functions.getDeployment", model="deployment")
_DELETES = Operation("functions.deleteDeployment", status=204)
_DOWNLOADS = Operation("functions.getDeploymentDownload", _DOWNLOAD, model="file")
_DOWNLOADS_OUTPUT = Operation("functions.getDeploymentDownload", _DOWNLOAD_OUTPUT, model="file")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,35}")


@dataclass(frozen=True, slots=True)
class DeploymentDoors:
    """Create, list, get, activate, delete, rebuild, cancel and download deployments."""

    config: Config
    deployments: Deployments
    uploads: Uploads
    archives: Archives
    variables: Variables
    incoming: Path  # folder for uploads on their way

    def routes(self) -> Iterator[Route]:
        all = "/v1/functions/{functionId}/deployments"
        one = all + "/{deploymentId}"
        active = "/v1/functions/{functionId}/deployment"
        yield Route("POST", all, self.create, WRITE, _CREATES, event=f"{EVENT}.create")
        yield Route("GET", all, self.list, READ, _LISTS)
        update = f"{EVENT}.update"
        yield Route("POST", all + "/duplicate", self.duplicate, WRITE, _DUPLICATES, event=update)
        yield Route("PATCH", active, self.activate, WRITE, _ACTIVATES, event=update)
        yield Route("GET", one, self.get, READ, _GETS)
        yield Route("PATCH", one, self.activate, WRITE, _ACTIVATES_OLD, event=update)
        yield Route("DELETE", one, self.delete, WRITE, _DELETES, event=f"{EVENT}.delete")
        yield Route("PATCH", one + "/status", self.cancel, WRITE, partial(_cancels, "Status"))
        yield Route("PATCH", one + "/build", self.cancel, WRITE, partial(_cancels, "Build"))
        build, old = one + "/build", one + "/builds/{buildId}"
        yield Route("POST", build, self.rebuild, WRITE, _rebuilds, event=update)
        yield Route("POST", old, self.rebuild, WRITE, _rebuilds_old, event=update)
        yield Route("GET", one + "/download", self.download, READ, _DOWNLOADS)
        yield Route("GET", one + "/build/download", self.download_output, READ, _DOWNLOADS_OUTPUT)

    async def create(self, request: Request) -> Reply:
        path = request.path_params
        length = request.header("content-length")
        async with read_form(
            request.receive,
            request.header("content-type"),
            int(length) if length.isdecimal() else None,
            self.incoming,
            max_bytes=self._most_bytes(),
        ) as form:
            values = read(_CREATE, await _fields(form, request))
            request.check_epoch()
            is_cli = request.header("x-sdk-language") == "cli"
            values["type"] = DeploymentType.CLI if is_cli else DeploymentType.MANUAL
            function, draft = self.deployments.draft(
                request.caller.project, path["functionId"], values
            )
            file, range = choose_code(form, request.header("content-range") or None)
            self._check_size(range.size if range else file.size)
            if range is None:
                source = Source(file.path, file.size, file.digest)
                deployment = await self.deployments.create(function, draft, source)
                is_whole = True
            else:
                chunk = Chunk(file.path, range)
                id = _upload_id(request)
                deployment, is_whole = await self.uploads.receive(function, draft, chunk, id=id)
        if is_whole:
            tell_deployment(deployment, request)
        return json_reply(self._wire(deployment, request) | _progress(deployment, range), 202)

    async def list(self, request: Request) -> Reply:
        listing = read_listing(request, service.ATTRIBUTES, selectable=True)
        found, total = self.deployments.page(
            request.caller.project, request.path_params["functionId"], listing
        )
        format = request.format
        items = [render.deployment(each, format, in_list=True) for each in found]
        if selected := listing.query.selects:
            items = [
                {k: v for k, v in item.items() if k in selected or k[0] == "$"} for item in items
            ]
        return json_reply(render.listing("deployments", items, total), 200)

    async def get(self, request: Request) -> Reply:
        return json_reply(self._wire(self._deployment(request), request), 200)

    async def activate(self, request: Request) -> Reply:
        """Both eras: the id is in the path (1.6) or in the body; the reply is the function."""
        path = request.path_params
        id = path.get("deploymentId")
        if id is None:
            id = read(_DEPLOYMENT_ID, await read_body(request))["deploymentId"]
        function = self.deployments.activate(
            request.caller.project, path["functionId"], id, era=request.era
        )
        variables = self.variables.of(function)
        request.happened(
            lambda format: render.function(function, variables, format),
            functionId=function.id,
            deploymentId=id,
        )
        return json_reply(render.function(function, variables, request.format), 200)

    async def delete(self, request: Request) -> Reply:
        tell_deployment(self.deployments.delete(*_place(request)), request)
        return Reply(204)

    async def cancel(self, request: Request) -> Reply:
        deployment = self.deployments.cancel(*_place(request))
        return json_reply(render.canceled(deployment, request.format), 200)

    async def rebuild(self, request: Request) -> Reply:
        """The way of 1.6: the reply is empty; newer clients on this path get the deployment."""
        read((_BUILD_ID,), await read_body(request))
        deployment = await self.deployments.rebuild(*_place(request))
        _tell_rebuild(deployment, request)
        if request.is_older((1, 7, 0)):
            return Reply(204)
        return json_reply(self._wire(deployment, request), 202)

    async def duplicate(self, request: Request) -> Reply:
        id = read(_DUPLICATES.params, await read_body(request))["deploymentId"]
        project, function_id = request.caller.project, request.path_params["functionId"]
        deployment = await self.deployments.rebuild(project, function_id, id)
        _tell_rebuild(deployment, request)
        return json_reply(self._wire(deployment, request), 202)

    async def download(self, request: Request) -> Answer:
        """The uploaded archive, or the build's output with `type=output`."""
        return await self._answer_file(request, _DOWNLOAD)

    async def download_output(self, request: Request) -> Answer:
        """The same by the older path, the other way round."""
        return await self._answer_file(request, _DOWNLOAD_OUTPUT)

    async def _answer_file(self, request: Request, rules: Sequence[Param]) -> Answer:
        kind = read(rules, query_params(request.query))["type"]
        deployment = self._deployment(request)
        bring = self.archives.output if kind == "output" else self.archives.source
        folder = tempfile.TemporaryDirectory(dir=self.incoming)
        try:
            path = await bring(deployment, Path(folder.name))
            reply = self._file(path, deployment, kind, request)
        except BaseException:
            folder.cleanup()
            raise
        return FileReply(
            reply.status, reply.path, reply.first, reply.last, reply.headers, folder.cleanup
        )

    def _file(self, path: Path, deployment: Deployment, kind: str, request: Request) -> FileReply:
        size = path.stat().st_size
        suffix = "" if self.config.appwrite == "1.6" else f"-{kind}"
        disposition = f'attachment; filename="{deployment.id}{suffix}.tar.gz"'
        headers = (
            (b"content-type", b"application/gzip"),
            (b"cache-control", b"private, max-age=3888000"),
            (b"x-peak", b"0"),
            (b"content-disposition", disposition.encode()),
        )
        part = byte_range(request.header("range") or None, size)
        if part is None:
            return FileReply(200, path, 0, size - 1, headers)
        span = f"bytes {part[0]}-{part[1]}/{size}".encode()
        ranged = (*headers, (b"accept-ranges", b"bytes"), (b"content-range", span))
        return FileReply(206, path, *part, ranged)

    def _deployment(self, request: Request) -> Deployment:
        return self.deployments.get(*_place(request))

    def _wire(self, deployment: Deployment, request: Request) -> render.Wire:
        return render.deployment(deployment, request.format)

    def _most_bytes(self) -> int:
        """Node SDK 14 repeats the whole archive in each chunk's request."""
        limit = self.config.size_limit or 2**62
        return max(limit + 6 * 1024 * 1024, MAX_BODY)

    def _check_size(self, size: int) -> None:
        if self.config.size_limit and size > self.config.size_limit:
            raise ApiError("storage_invalid_file_size")


def tell_deployment(deployment: Deployment, request: Request) -> None:
    """Of a deployment, as the route says."""
    request.happened(lambda format: render.deployment(deployment, format), **_params_of(deployment))


def _tell_rebuild(deployment: Deployment, request: Request) -> None:
    """Of the new deployment; Appwrite 1.6.2 tells nothing but its id, 1.9.6 the whole."""
    if request.server == "1.6":
        request.happened(lambda format: {}, **_params_of(deployment))
    else:
        tell_deployment(deployment, request)


def _params_of(deployment: Deployment) -> dict[str, str]:
    return {"functionId": deployment.resource_id, "deploymentId": deployment.id}


def _cancels(what: str, format: Version) -> Operation:
    model = "build" if format < (1, 7, 0) else "deployment"
    return Operation(f"functions.updateDeployment{what}", model=model)


def _rebuilds(format: Version) -> Operation:
    if format < (1, 7, 0):
        return Operation("functions.createBuild", (_BUILD_ID,), 204)
    return Operation("functions.createBuild", (_BUILD_ID,), 202, "deployment")


def _rebuilds_old(format: Version) -> Operation:
    return replace(_rebuilds(format), params=())  # the build is in the path


def _place(request: Request) -> tuple[str, str, str]:
    path = request.path_params
    return request.caller.project, path["functionId"], path["deploymentId"]


async def _fields(form: Form, request: Request) -> Mapping[str, Any]:
    """What came beside the files, or in a body that is no multipart form."""
    is_form = request.header("content-type").lower().startswith("multipart/form-data")
    return form.fields if is_form else await read_body(request)


def _upload_id(request: Request) -> str:
    """The deployment that a chunk belongs to; a client may choose the id of a new one."""
    id = request.header("x-appwrite-id")
    if id and not _ID.fullmatch(id):
        raise ApiError("storage_invalid_appwrite_id")
    return id


def _progress(deployment: Deployment, range: ContentRange | None) -> dict[str, int]:
    """What SDKs read to know whether an upload in chunks is whole."""
    if range is None:
        return {}
    total = chunks_total(deployment.source_size)
    received = Received(deployment.received)
    uploaded = total if deployment.source else received.chunks_uploaded(deployment.source_size)
    return {"chunksTotal": total, "chunksUploaded": uploaded}
