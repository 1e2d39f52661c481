# SPDX-License-Identifier: Apache-2.0
"""Pages that need nothing from elsewhere: one head and style for all, one way to render them."""

from .render import data_url, render_page

__all__ = ["data_url", "render_page"]
