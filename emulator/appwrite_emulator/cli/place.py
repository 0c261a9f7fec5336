"""Which state a command means, as `start` would choose it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..client.workspace import locate
from ..config import Config, ConfigError, SandboxMode


@dataclass(frozen=True, slots=True)
class Place:
    """A state file, which may be missing, and how its functions are confined."""

    state: Path
    sandbox: SandboxMode

    @classmethod
    def find(cls, directory: Path | None, state: Path | None) -> Place:
        """The state that `start` with these arguments would open. Raises ConfigError."""
        directory, _ = locate(directory)
        config = Config.load(directory, state=state)
        if config.memory:
            raise ConfigError(
                "The options of this folder say `memory`: no state is kept. Name one: --state FILE"
            )
        return cls(config.state_in(directory).absolute(), config.sandbox)

    def require(self) -> None:
        """Raises ConfigError when there is nothing of a state."""
        names = (self.state.name + suffix for suffix in ("", ".journal", ".journal.1"))
        if not any(self.state.with_name(name).exists() for name in names):
            raise ConfigError(
                f"There is no state {self.state}. Run appwrite-emulator start there first, or "
                "name another folder or --state FILE"
            )
