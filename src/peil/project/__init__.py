"""A folder with ``peil.yaml``, and everything that it can be asked."""

from peil.project.project import Project, open_project

__all__ = ["Project", "open_project"]
