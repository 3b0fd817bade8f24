"""The settings of the documentation; building it touches no network."""

from __future__ import annotations

import importlib
import importlib.metadata
import shutil
import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))

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
    """Write the pages that come from the program itself: settings, commands, tables, and one page per measure."""
    folder = Path(app.srcdir) / "reference"
    importlib.import_module("written").write_all(folder)
    measures = folder / "measures"
    shutil.rmtree(measures, ignore_errors=True)
    measures.mkdir(parents=True)
    importlib.import_module("peil.reports.pages").write_reference(measures)


def setup(app: Sphinx) -> None:
    """Hook the written pages in before any page is read."""
    app.connect("builder-inited", write_reference)
