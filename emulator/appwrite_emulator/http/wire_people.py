"""The fields of users, sessions and tokens on the wire: what they hold, and since which format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .request import Version

Fields = Mapping[str, Any]

_TIMED: Fields = {"$id": str, "$createdAt": str, "$updatedAt": str}
_ACCOUNT: Fields = {
    **_TIMED,
    "name": str,
    "registration": str,
    "status": bool,
    "labels": tuple[str, ...],
    "passwordUpdate": str,
    "email": str,
    "phone": str,
    "emailVerification": bool,
    "emailCanonical": str | None,
    "emailIsFree": bool | None,
    "emailIsDisposable": bool | None,
    "emailIsCorporate": bool | None,
    "emailIsCanonical": bool | None,
    "phoneVerification": bool,
    "mfa": bool,
    "prefs": dict,
    "targets": ["target"],
    "accessedAt": str,
    "impersonator": bool | None,
    "impersonatorUserId": str | None,
}
_DEVICE = (
    "ip osCode osName osVersion clientType clientCode clientName clientVersion clientEngine "
    "clientEngineVersion deviceName deviceBrand deviceModel countryCode countryName"
)
_SESSION: Fields = {
    **_TIMED,
    "userId": str,
    "expire": str,
    "provider": str,
    "providerUid": str,
    "providerAccessToken": str,
    "providerAccessTokenExpiry": str,
    "providerRefreshToken": str,
    **dict.fromkeys(_DEVICE.split(), str),
    "current": bool,
    "factors": tuple[str, ...],
    "secret": str,
    "mfaUpdatedAt": str,
}
_TOKEN: Fields = {
    "$id": str, "$createdAt": str, "userId": str, "secret": str, "expire": str, "phrase": str,
}  # fmt: skip
_TARGET: Fields = {
    **_TIMED,
    "name": str,
    "userId": str,
    "providerId": str | None,
    "providerType": str,
    "identifier": str,
    "expired": bool,
}
_MODELS: Mapping[str, Fields] = {
    "user": {**_ACCOUNT, "password": str | None, "hash": str, "hashOptions": dict},
    "account": _ACCOUNT,
    "session": _SESSION,
    "token": _TOKEN,
    "target": _TARGET,
    "jwt": {"jwt": str},
    "preferences": {},
}

# Source: response filters of Appwrite 1.6.2 and 1.9.6.
_ADDRESS = "Canonical IsFree IsDisposable IsCorporate IsCanonical"
_SINCE: dict[str, dict[str, Version]] = {
    "user": {
        "mfa": (1, 5, 0),
        "targets": (1, 5, 0),
        **{f"email{name}": (1, 7, 0) for name in _ADDRESS.split()},
        "impersonator": (1, 9, 0),
        "impersonatorUserId": (1, 9, 0),
    },
    "session": {"factors": (1, 5, 0), "secret": (1, 5, 0)},
    "token": {"phrase": (1, 5, 0)},
    "membership": {"mfa": (1, 5, 0), "userAccessedAt": (1, 7, 0), "userPhone": (1, 9, 2)},
}
_SINCE["account"] = _SINCE["user"]


def listed(format: Version) -> Version:
    """The format of items of lists, which the filters for those before 1.5.0 do not reach."""
    return max(format, (1, 5, 0))


def known(model: str, wire: Mapping[str, Any], format: Version) -> dict[str, Any]:
    """Those fields of a model that clients have who want `format`."""
    since = _SINCE.get(model, {})
    return {key: value for key, value in wire.items() if format >= since.get(key, (0, 0, 0))}


MODELS: Mapping[str, Callable[[Version], Fields]] = {
    name: partial(known, name, fields) for name, fields in _MODELS.items()
}
"""The fields of each model for clients that want a format."""
