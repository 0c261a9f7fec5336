"""The command `completion` with its help: let the shell complete commands, options and ids."""

from __future__ import annotations

import click

_PROGRAM = "appwrite-emulator"
_VARIABLE = "_APPWRITE_EMULATOR_COMPLETE"  # by which the script asks


@click.command(
    short_help="Let your shell complete commands, options and ids.",
    epilog="""\b
Once, for the shells that you open from then on:
  bash   echo 'eval "$(appwrite-emulator completion bash)"' >> ~/.bashrc
  zsh    echo 'eval "$(appwrite-emulator completion zsh)"' >> ~/.zshrc
  fish   appwrite-emulator completion fish > ~/.config/fish/completions/appwrite-emulator.fish
""",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script by which SHELL completes what you type.

    Ids of functions are those of the emulator that runs, else those of the project file.
    """
    from click.shell_completion import get_completion_class

    root = click.get_current_context().find_root().command
    kind = get_completion_class(shell)
    assert kind is not None, f"click completes for {shell}"
    click.echo(kind(root, {}, _PROGRAM, _VARIABLE).source())
