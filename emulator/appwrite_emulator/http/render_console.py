"""Projects, keys and the console's variables on the wire."""

from __future__ import annotations

from collections.abc import Sequence

from ..config import Config
from ..errors import Era
from ..models import Project
from ..people import ApiKey
from .render import Wire

PROFILE = (
    "description",
    "logo",
    "url",
    "legalName",
    "legalCountry",
    "legalState",
    "legalCity",
    "legalAddress",
    "legalTaxId",
)
"""The texts about a project."""

# What can be set up on a server and is as a new project has it.
_AUTH = {
    "authDuration": 31536000,
    "authLimit": 0,
    "authSessionsLimit": 10,
    "authPasswordHistory": 0,
    "authPasswordDictionary": False,
    "authPersonalDataCheck": False,
    "authMockNumbers": (),
    "authSessionAlerts": False,
    "authMembershipsUserName": False,
    "authMembershipsUserEmail": False,
    "authMembershipsMfa": False,
    "authInvalidateSessions": True,
    "oAuthProviders": (),
    "platforms": (),
    "webhooks": (),
}
_MAIL = {
    "smtpEnabled": False,
    "smtpSenderName": "",
    "smtpSenderEmail": "",
    "smtpReplyTo": "",
    "smtpHost": "",
    "smtpPort": 25,
    "smtpUsername": "",
    "smtpPassword": "",
    "smtpSecure": "",
    "pingCount": 0,
    "pingedAt": "",
    "labels": (),
    "status": "active",
}
_METHODS = "EmailPassword UsersAuthMagicURL EmailOtp Anonymous Invites JWT Phone"
_SERVICES = (
    "Account Avatars Databases Tablesdb Locale Health Storage Teams Users Sites Functions Graphql "
    "Messaging"
)
_STATUSES = {
    **{f"auth{method}": True for method in _METHODS.split()},
    **{f"serviceStatusFor{service}": True for service in _SERVICES.split()},
}


def project(record: Project, keys: Sequence[ApiKey]) -> Wire:
    """A project with its keys; the fields of all formats, of which none renames one.

    Source: the models of Appwrite 1.6.2 to 1.8, as its console's SDK knows them.
    """
    profile = record.profile or {}
    return {
        "$id": record.id,
        "$createdAt": record.created_at,
        "$updatedAt": record.updated_at,
        "name": record.name,
        "teamId": record.team_id,
        **{name: profile.get(name, "") for name in PROFILE},
        **_AUTH,
        "keys": [key(each) for each in keys],
        "devKeys": (),
        **_MAIL,
        **_STATUSES,
        "region": "default",
    }


def key(record: ApiKey) -> Wire:
    """An API key; those who may see it see its secret."""
    return {
        "$id": record.id,
        "$createdAt": record.created_at,
        "$updatedAt": record.updated_at,
        "name": record.name,
        "expire": record.expire,
        "scopes": record.scopes,
        "secret": record.secret,
        "accessedAt": "",
        "sdks": (),
    }


def key_as_jwt(record: ApiKey) -> Wire:
    """An ephemeral key as formats before 1.9.3 have it."""
    return {"scopes": record.scopes, "projectId": record.project, "jwt": record.secret}


def variables(config: Config, era: Era) -> Wire:
    """What the console and the command line ask about a server that runs on this machine."""
    sizes = {"_APP_STORAGE_LIMIT": 30_000_000}
    switches = {
        "_APP_USAGE_STATS": "enabled",
        "_APP_VCS_ENABLED": False,
        "_APP_DOMAIN_ENABLED": era == "1.9",
        "_APP_ASSISTANT_ENABLED": False,
    }
    if era == "1.6":
        sizes["_APP_FUNCTIONS_SIZE_LIMIT"] = config.size_limit
        return {"_APP_DOMAIN_TARGET": "localhost", **sizes, **switches}
    return {
        "_APP_DOMAIN_TARGET_CNAME": "localhost",
        "_APP_DOMAIN_TARGET_A": "127.0.0.1",
        "_APP_COMPUTE_BUILD_TIMEOUT": config.build_timeout,
        "_APP_DOMAIN_TARGET_AAAA": "::1",
        "_APP_DOMAIN_TARGET_CAA": '0 issue ""',
        **sizes,
        "_APP_COMPUTE_SIZE_LIMIT": config.size_limit,
        **switches,
        "_APP_DOMAIN_SITES": "sites.localhost",
        "_APP_DOMAIN_FUNCTIONS": config.functions_domain,
        "_APP_OPTIONS_FORCE_HTTPS": "disabled",
        "_APP_DOMAINS_NAMESERVERS": "",
    }
