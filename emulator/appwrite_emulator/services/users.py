"""Users: who has an account in a project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from ..clock import stamp
from ..errors import ApiError
from ..models import unique_id
from ..people import User
from ..query import Attribute
from . import passwords
from .ground import Ground
from .records import Listing, Records

ATTRIBUTES = {
    "name": Attribute("name", "string"),
    "email": Attribute("email", "string", lambda row: row["email"] or None),
    "phone": Attribute("phone", "string", lambda row: row["phone"] or None),
    "status": Attribute("status", "bool"),
    "passwordUpdate": Attribute("passwordUpdate", "datetime"),
    "registration": Attribute("registration", "datetime"),
    "emailVerification": Attribute("emailVerification", "bool"),
    "phoneVerification": Attribute("phoneVerification", "bool"),
    "labels": Attribute("labels", "string[]"),
    "impersonator": Attribute("impersonator", "bool"),
}

_ACCESS = timedelta(days=1)  # an access is noted once in this time


class Users:
    """The users of all projects."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._records = Records(
            ground,
            User,
            found_by=("email", "phone"),
            searched=("$id", "email", "phone", "name"),
        )

    def create(
        self, project: str, id: str, values: Mapping[str, str], *, is_present: bool = False
    ) -> User:
        """Store a new user with the `email`, `phone`, `password` and `name` that are given.

        Who makes the account for himself `is_present`. Raises ApiError user_already_exists when
        the id, email or phone is taken. Source: Appwrite 1.6.2 and 1.9.6.
        """
        id = unique_id() if id == "unique()" else id
        email, phone = values.get("email", "").lower(), values.get("phone", "")
        is_taken = self._is_taken(project, email) or self._is_taken(project, phone)
        if is_taken or self.find(project, id):
            raise ApiError("user_already_exists")
        born = self._records.born(project)
        now, password = born["created_at"], values.get("password", "")
        user = User(
            id=id,
            **born,
            name=values.get("name", ""),
            email=email,
            phone=phone,
            password=passwords.hashed(password) if password else "",
            password_update=now if password else "",
            registration=now,
            accessed_at=now if is_present else "",
        )
        return self._records.add(user)

    def find(self, project: str, id: str) -> User | None:
        """The user, or None."""
        return self._records.get(project, id)

    def get(self, project: str, id: str) -> User:
        """The user. Raises ApiError user_not_found."""
        user = self.find(project, id)
        if user is None:
            raise ApiError("user_not_found")
        return user

    def by_email(self, project: str, email: str) -> User | None:
        """The user with this email address, or None."""
        return self._records.latest(project=project, email=email.lower())

    def by_phone(self, project: str, phone: str) -> User | None:
        """The user with this phone number, or None."""
        return self._records.latest(project=project, phone=phone)

    def page(self, project: str, listing: Listing) -> tuple[list[User], int]:
        """One page of the project's users, and how many match."""
        return self._records.page(listing, project)

    def update(self, project: str, id: str, **changes: Any) -> User:
        """Change what is nobody else's concern. Raises ApiError user_not_found."""
        return self._records.change(self.get(project, id), **changes)

    def set_email(self, project: str, id: str, email: str) -> User:
        """Change or, with "", remove the address, which then is not verified.

        Raises ApiError user_not_found, user_target_already_exists, also for the user's own one.
        """
        user, email = self.get(project, id), email.lower()
        self._refuse_taken(project, email)
        return self._records.change(user, email=email, email_verification=False)

    def set_phone(self, project: str, id: str, phone: str) -> User:
        """As `set_email`, for the phone number."""
        user = self.get(project, id)
        self._refuse_taken(project, phone)
        return self._records.change(user, phone=phone, phone_verification=False)

    def set_password(self, project: str, id: str, password: str) -> User:
        """Change or, with "", remove the password. Raises ApiError user_not_found."""
        stored = passwords.hashed(password) if password else ""
        return self.update(project, id, password=stored, password_update=self._ground.now())

    def note_access(self, user: User) -> User:
        """Keep that the user was here, once a day."""
        now = self._ground.clock.now()
        if user.accessed_at > stamp(now - _ACCESS):
            return user
        return self._records.change(user, accessed_at=stamp(now))

    def delete(self, project: str, id: str, *, children: Callable[[User], None]) -> None:
        """Delete the user; `children` deletes what belongs to it, in the same transaction.

        Raises ApiError user_not_found.
        """
        user = self.get(project, id)
        with self._ground.state.transaction():
            children(user)
            self._records.remove([user])

    def _refuse_taken(self, project: str, address: str) -> None:
        if self._is_taken(project, address):
            raise ApiError("user_target_already_exists")

    def _is_taken(self, project: str, address: str) -> bool:
        """Whether somebody has this email address or phone number; "" is nobody's."""
        keys = ("email", "phone")
        return bool(address) and any(
            self._records.latest(project=project, **{key: address}) for key in keys
        )
