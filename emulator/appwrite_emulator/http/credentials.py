"""What people sign in with: addresses and passwords."""

from __future__ import annotations

from .validators import Pattern

_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TOP = r"[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

# Source: PHP's FILTER_VALIDATE_EMAIL, but for quoted names and addresses of hosts.
EMAIL = Pattern(
    rf"(?=[^@]{{1,64}}@)(?=.{{1,254}}$){_ATOM}(\.{_ATOM})*@({_LABEL}\.)+{_TOP}",
    "Value must be a valid email address",
)
PHONE = Pattern(
    r"\+[1-9]\d{6,14}",
    "Phone number must start with a '+' can have a maximum of fifteen digits.",
)
PASSWORD = Pattern(r"[\s\S]{8,256}", "Password must be between 8 and 256 characters long.")
NEW_PASSWORD = Pattern(
    r"[\s\S]{8,265}",
    "Password must be between 8 and 265 characters long, and should not be one of the commonly "
    "used password.",
)
