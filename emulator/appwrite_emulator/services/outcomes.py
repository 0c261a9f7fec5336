"""Outcomes: what an execution keeps of its result."""

from __future__ import annotations

from typing import Any

from anyio import to_thread

from ..execution import context
from ..execution.executor import Result
from ..files import Files
from ..models import ExecutionStatus

_LONG_LOG = 16 * 1024  # characters a row holds itself; longer logs lie in Files


async def outcome(result: Result, files: Files, *, is_logged: bool) -> dict[str, Any]:
    """The fields of an execution that its result decides."""
    logs, logs_file = await _keep(result.logs if is_logged else "", files)
    errors, errors_file = await _keep(result.errors if is_logged else "", files)
    headers = context.stored_headers(result.headers, context.STORED_RESPONSE_HEADERS)
    return {
        "status": ExecutionStatus.COMPLETED if result.status < 500 else ExecutionStatus.FAILED,
        "response_status_code": result.status,
        "response_headers": headers,
        "logs": logs,
        "logs_file": logs_file,
        "errors": errors,
        "errors_file": errors_file,
        "duration": result.duration,
    }


async def _keep(text: str, files: Files) -> tuple[str, str]:
    if len(text) <= _LONG_LOG:
        return text, ""
    return "", await to_thread.run_sync(files.write_log, text)
