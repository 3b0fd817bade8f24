"""From a Vega-Lite specification to a static drawing that stands in a page without script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import vl_convert

_SVG = "http://www.w3.org/2000/svg"
_LINK = "http://www.w3.org/1999/xlink"
# vl-convert carries several Vega-Lites; the newest of the line that Altair writes for.
_VERSION = "6.4"
_DROPPED = ("role", "pointer-events", "aria-hidden", "aria-label", "aria-roledescription", "class")
_DECIMALS = re.compile(r"-?\d+\.\d{2,}")


def rendered(spec: Mapping[str, Any], *, key: str, title: str, kind: str) -> str:
    """Return a specification as SVG text.

    Parameters:
        spec: a Vega-Lite specification with a fixed size.
        key: tells this drawing from every other in the page; its ids begin with it.
        title: what a screen reader says.
        kind: class of the drawing, ``wide`` or ``narrow``.

    Example:
        >>> spec = {"data": {"values": [{"a": 1}]}, "mark": "point", "encoding": {"x": {"field": "a", "type": "quantitative"}}}
        >>> rendered(spec, key="f1", title="A point", kind="wide").startswith('<svg xmlns="http://www.w3.org/2000/svg" class="wide"')
        True
        >>> told = {"data": {"values": [{}]}, "mark": {"type": "text", "text": "0.44", "opacity": 0.25}, "width": 33.333}
        >>> made = rendered(told, key="f1", title="0.66", kind="wide")
        >>> [each in made for each in ("0.44", "0.66", 'opacity="0.25"', "33.333")]
        [True, True, True, False]
    """
    root = ET.fromstring(vl_convert.vegalite_to_svg(dict(spec), vl_version=_VERSION))  # noqa: S314  # our own drawing
    _tidy(root)
    for each in list(root):
        if each.tag.endswith("rect") and each.get("fill") in {"white", "none"}:
            root.remove(each)
    box = root.get("viewBox", "")
    root.attrib.clear()
    root.attrib |= {"class": kind, "viewBox": box, "role": "img", "aria-labelledby": f"{key}-{kind}-title"}
    named = ET.Element(f"{{{_SVG}}}title", {"id": f"{key}-{kind}-title"})
    named.text = title
    root.insert(0, named)
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _LINK)
    text = ET.tostring(root, encoding="unicode")
    text = re.sub(rf'id="(?!{re.escape(key)}-)([^"]+)"', rf'id="{key}-{kind}-\1"', text)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{key}-{kind}-\1)", text)


def _tidy(node: ET.Element) -> None:
    """Drop what only Vega's own script reads and boxes that draw nothing, and round places, never what is told."""
    for name in _DROPPED:
        node.attrib.pop(name, None)
    for name, value in node.attrib.items():
        if not name.endswith("opacity"):
            node.attrib[name] = _DECIMALS.sub(lambda found: f"{float(found.group()):.1f}", value)
    if node.get("opacity") == "1":
        del node.attrib["opacity"]
    # the page's own font stack is the drawing's too
    node.attrib.pop("font-family", None)
    for child in list(node):
        empty = child.tag.endswith("path") and (child.get("display") == "none" or child.get("class") == "background")
        if empty:
            node.remove(child)
        else:
            _tidy(child)
