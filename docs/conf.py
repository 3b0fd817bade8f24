"""The settings of the documentation; building it touches no network."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import logging
import shutil
from pathlib import Path

from sphinx.application import Sphinx

project = "Peil"
project_copyright = "the Peil contributors"
author = "the Peil contributors"
release = importlib.metadata.version("peil")
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]

myst_enable_extensions = ["attrs_block", "colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "Peil"
html_copy_source = False
html_show_sphinx = False


def write_reference(app: Sphinx) -> None:
    """Write one page per measure from the catalogue, when the installed Peil can."""
    if importlib.util.find_spec("peil.reports.pages") is None:
        return
    write = getattr(importlib.import_module("peil.reports.pages"), "write_reference", None)
    if write is None:
        return
    folder = Path(app.srcdir) / "reference" / "measures"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write(folder)


def tells_more_than_an_empty_room(record: logging.LogRecord) -> bool:
    """Let a room be empty; Sphinx gives this warning no type, so ``suppress_warnings`` cannot name it."""
    return getattr(record, "subtype", None) != "empty_glob"


def setup(app: Sphinx) -> None:
    """Hook the catalogue's pages in before any page is read."""
    logging.getLogger("sphinx.sphinx.directives.other").addFilter(tells_more_than_an_empty_room)
    app.connect("builder-inited", write_reference)
