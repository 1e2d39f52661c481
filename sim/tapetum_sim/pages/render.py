# SPDX-License-Identifier: Apache-2.0
"""Templates to text."""

from base64 import b64encode
from typing import Any

import jinja2

__all__ = ["data_url", "render_page"]


def render_page(template: str, **values: Any) -> str:
    """Render a template of this package, named by its path in it (``report/page.html``).

    Every value is escaped, and one that the template asks for in vain is an error.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tapetum_sim", ""), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True)
    return environment.get_template(template).render(**values)


def data_url(content: bytes, kind: str = "image/png") -> str:
    """A picture that lies in the page itself; ``kind`` is its media type."""
    return f"data:{kind};base64,{b64encode(content).decode()}"
