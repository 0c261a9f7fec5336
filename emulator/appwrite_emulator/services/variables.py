"""Variables of a function: each change makes the running deployment stale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ApiError
from ..models import Function, Variable, unique_id
from ..query import Attribute
from .functions import Functions
from .ground import Ground
from .records import Listing, Records

ATTRIBUTES = {
    "key": Attribute("key", "string"),
    "resourceType": Attribute("resourceType", "string"),
    "resourceId": Attribute("resourceId", "string"),
    "secret": Attribute("secret", "bool"),
}


class Variables:
    """The environment variables of all functions."""

    def __init__(self, ground: Ground, functions: Functions) -> None:
        self._ground = ground
        self._functions = functions
        self._records = Records(ground, Variable, owner="resourceId")

    def create(
        self, project: str, function_id: str, id: str, values: Mapping[str, Any]
    ) -> Variable:
        """Add a variable. Raises ApiError: function_not_found, variable_already_exists."""
        function = self._functions.get(project, function_id)
        id = unique_id() if id == "unique()" else id
        if self._records.get(project, id):
            raise ApiError("variable_already_exists")
        self._refuse_taken(function, values["key"])
        variable = Variable(
            id=id,
            **self._records.born(project),
            resource_id=function.id,
            key=values["key"],
            value=values["value"],
            secret=values["secret"],
        )
        with self._ground.state.transaction():
            variable = self._records.add(variable)
            self._functions.note_variables(function)
        return variable

    def get(self, project: str, function_id: str, id: str) -> Variable:
        """The variable. Raises ApiError: function_not_found, variable_not_found."""
        function = self._functions.get(project, function_id)
        variable = self._records.get(project, id)
        if variable is None or variable.resource_id != function.id:
            raise ApiError("variable_not_found")
        return variable

    def of(self, function: Function) -> list[Variable]:
        """All variables of `function`, in creation order."""
        return self._records.all(project=function.project, resourceId=function.id)

    def page(self, project: str, function_id: str, listing: Listing) -> tuple[list[Variable], int]:
        """One page of the function's variables, and how many match."""
        function = self._functions.get(project, function_id)
        return self._records.page(listing, project, resourceId=function.id)

    def update(
        self, project: str, function_id: str, id: str, values: Mapping[str, Any]
    ) -> Variable:
        """Change key, value or secrecy; what is None stays.

        Raises ApiError: function_not_found, variable_not_found, general_argument_invalid,
        variable_cannot_unset_secret, variable_already_exists.
        """
        variable = self.get(project, function_id, id)
        changes = {name: value for name, value in values.items() if value is not None}
        if not changes:
            raise ApiError("general_argument_invalid")
        if variable.secret and changes.get("secret") is False:
            raise ApiError("variable_cannot_unset_secret")
        function = self._functions.get(project, function_id)
        if changes.get("key", variable.key) != variable.key:
            self._refuse_taken(function, changes["key"])
        with self._ground.state.transaction():
            variable = self._records.change(variable, **changes)
            self._functions.note_variables(function)
        return variable

    def delete(self, project: str, function_id: str, id: str) -> None:
        """Remove the variable. Raises ApiError: function_not_found, variable_not_found."""
        variable = self.get(project, function_id, id)
        with self._ground.state.transaction():
            self._records.remove([variable])
            self._functions.note_variables(self._functions.get(project, function_id))

    def delete_of(self, function: Function) -> None:
        """Remove all variables of a function that is being deleted."""
        self._records.remove(self.of(function))

    def _refuse_taken(self, function: Function, key: str) -> None:
        if any(variable.key == key for variable in self.of(function)):
            raise ApiError("variable_already_exists")
