"""`--version`, the same in both command lines."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer


def show(wanted: bool) -> None:
    if wanted:
        print(version("llm-engineering-course"))
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=show, is_eager=True, help="Say which, and end.")]


def callback(_: Version = False) -> None:
    """For a Typer: before any of its commands."""
