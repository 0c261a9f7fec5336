"""The parameters in a request's body, whatever its type."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from . import upload
from .params import body_params
from .request import MAX_BODY, Request


async def read_body(request: Request) -> dict[str, Any]:
    """What a JSON or URL-encoded body or the text parts of a multipart form say, to be read once.

    Text parts that are not UTF-8 are bytes. Raises ApiError general_bad_request for a damaged form,
    and as `Request.body` and `upload.read_form` do for one that is too large.
    """
    content_type = request.header("content-type")
    if not content_type.lower().startswith("multipart/form-data"):
        return body_params(content_type, await request.body())
    folder = Path(tempfile.gettempdir())  # for file parts, which are not taken here
    async with upload.read_form(
        request.receive, content_type, None, folder, max_bytes=MAX_BODY, max_text=MAX_BODY
    ) as form:
        request.check_epoch()
        return dict(form.fields)
