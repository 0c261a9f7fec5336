"""Users, sessions and tokens on the wire: complete in each era's shape."""

from __future__ import annotations

from collections.abc import Iterator

from ..people import Session, Token, User
from ..services import passwords
from ..services.sessions import digest
from .render import Wire
from .request import Version
from .wire_people import known

_HASH_OPTIONS = {
    "type": "scrypt",
    "costCpu": passwords.COST_CPU,
    "costMemory": passwords.COST_MEMORY,
    "costParallel": passwords.COST_PARALLEL,
    "length": passwords.LENGTH,
}
_UNEXAMINED = (
    "osCode osName osVersion clientType clientCode clientName clientVersion clientEngine "
    "clientEngineVersion deviceName deviceBrand deviceModel"
)
_UNKNOWN = dict.fromkeys(_UNEXAMINED.split(), "")


def user(record: User, format: Version) -> Wire:
    """A user as keys and developers see it."""
    wire = {
        "$id": record.id,
        "$createdAt": record.created_at,
        "$updatedAt": record.updated_at,
        "name": record.name,
        "password": record.password or None,
        "hash": "scrypt",
        "hashOptions": _HASH_OPTIONS,
        "registration": record.registration,
        "status": record.status,
        "labels": record.labels,
        "passwordUpdate": record.password_update,
        "email": record.email,
        "phone": record.phone,
        "emailVerification": record.email_verification,
        "emailCanonical": None,
        "emailIsFree": None,
        "emailIsDisposable": None,
        "emailIsCorporate": None,
        "emailIsCanonical": None,
        "phoneVerification": record.phone_verification,
        "mfa": False,
        "prefs": record.prefs or {},
        "targets": list(_targets(record)),
        "accessedAt": record.accessed_at,
        "impersonator": None,
        "impersonatorUserId": None,
    }
    return known("user", wire, format)


def account(record: User, format: Version) -> Wire:
    """A user as he sees himself."""
    wire = user(record, format)
    for key in ("password", "hash", "hashOptions"):
        del wire[key]
    return wire


def session(
    record: Session, format: Version, *, is_current: bool = False, secret: str = ""
) -> Wire:
    """A session; what made the request is not examined, so its system and client are unknown."""
    wire = {
        "$id": record.id,
        "$createdAt": record.created_at,
        "$updatedAt": record.updated_at,
        "userId": record.user_id,
        "expire": record.expire,
        "provider": record.provider,
        "providerUid": record.provider_uid,
        "providerAccessToken": "",
        "providerAccessTokenExpiry": "",
        "providerRefreshToken": "",
        "ip": record.ip,
        **_UNKNOWN,
        "countryCode": "--",
        "countryName": "Unknown",
        "current": is_current,
        "factors": record.factors,
        "secret": secret,
        "mfaUpdatedAt": "",
    }
    return known("session", wire, format)


def token(record: Token, format: Version, *, secret: str) -> Wire:
    """A token, with the secret that it shows once."""
    wire = {
        "$id": record.id,
        "$createdAt": record.created_at,
        "userId": record.user_id,
        "secret": secret,
        "expire": record.expire,
        "phrase": "",
    }
    return known("token", wire, format)


def _targets(record: User) -> Iterator[Wire]:
    """Where messages would reach the user. They have no life of their own here."""
    for kind, address in (("email", record.email), ("sms", record.phone)):
        if address:
            yield {
                "$id": digest(f"{record.project}/{record.id}/{kind}")[:20],
                "$createdAt": record.created_at,
                "$updatedAt": record.updated_at,
                "name": "",
                "userId": record.id,
                "providerId": None,
                "providerType": kind,
                "identifier": address,
                "expired": False,
            }
