"""API keys that are made through the API, and ephemeral ones that nobody stores."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from .. import tokens
from ..clock import stamp
from ..errors import ApiError
from ..models import unique_id
from ..people import ApiKey
from ..query import Attribute
from .ground import Ground
from .keys import PREFIX
from .records import Listing, Records

ATTRIBUTES = {
    "name": Attribute("name", "string"),
    "scopes": Attribute("scopes", "string[]"),
    "expire": Attribute("expire", "datetime"),
}


class ApiKeys:
    """The keys of all projects."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._records = Records(ground, ApiKey, found_by=("secret",))
        self._gone: set[str] = set()  # secrets of deleted keys, which are not any key

    def create(self, project: str, id: str, values: Mapping[str, Any]) -> ApiKey:
        """Add a key. Raises ApiError key_already_exists."""
        id = unique_id() if id == "unique()" else id
        if self._records.get(project, id):
            raise ApiError("key_already_exists")
        key = ApiKey(
            id=id,
            **self._records.born(project),
            secret=f"standard_{secrets.token_hex(128)}",
            **values,
        )
        return self._records.add(key)

    def create_ephemeral(self, project: str, scopes: Sequence[str], duration: int) -> ApiKey:
        """A key that is its own proof, valid for `duration` seconds."""
        now = self._ground.clock.now()
        expires_at = now + timedelta(seconds=duration)
        prefix = PREFIX[self._ground.config.appwrite]
        return ApiKey(
            id=unique_id(),
            project=project,
            created_at=stamp(now),
            updated_at=stamp(now),
            name="",
            secret=tokens.function_key(
                prefix,
                tokens.FunctionKey(project, tuple(scopes)),
                self._ground.secret,
                expires_at=expires_at,
            ),
            scopes=tuple(scopes),
            expire=stamp(expires_at),
        )

    def get(self, project: str, id: str) -> ApiKey:
        """The key. Raises ApiError key_not_found."""
        key = self._records.get(project, id)
        if key is None:
            raise ApiError("key_not_found")
        return key

    def page(self, project: str, listing: Listing) -> tuple[list[ApiKey], int]:
        """One page of the project's keys, and how many match."""
        return self._records.page(listing, project)

    def of(self, project: str) -> list[ApiKey]:
        """All keys of a project, in creation order."""
        return self._records.all(project=project)

    def update(self, project: str, id: str, values: Mapping[str, Any]) -> ApiKey:
        """Change name, scopes and expiry. Raises ApiError key_not_found."""
        return self._records.change(self.get(project, id), **values)

    def delete(self, project: str, id: str) -> None:
        """Remove the key. Raises ApiError key_not_found."""
        key = self.get(project, id)
        self._records.remove([key])
        self._gone.add(key.secret)

    def remember(self) -> Callable[[], None]:
        """Keeps which secrets are gone now; what puts that back."""
        gone = frozenset(self._gone)

        def put_back() -> None:
            self._gone = set(gone)

        return put_back

    def find(self, project: str, secret: str) -> ApiKey | None:
        """The key with this secret; None if none was made. Raises ApiError: user_unauthorized
        when it was deleted or is another project's, project_key_expired."""
        key = self._records.latest(project=project, secret=secret)
        if key is None:
            if secret in self._gone or self._records.count(secret=secret):
                raise ApiError("user_unauthorized")
            return None
        if key.expire and key.expire <= self._ground.now():
            raise ApiError("project_key_expired")
        return key
