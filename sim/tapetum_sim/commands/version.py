# SPDX-License-Identifier: Apache-2.0
"""``tapetum version``."""

import typer

from ..provenance import package_versions, revision

__all__ = ["version"]


def version() -> None:
    """Print the versions of Tapetum and of the tools it uses.

    Example: [bold]tapetum version[/bold]
    """
    for name, number in package_versions().items():
        typer.echo(f"{name} {number or 'not installed'}")
    typer.echo(f"revision {revision() or 'unknown (no git checkout here)'}")
