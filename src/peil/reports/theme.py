"""The look of a report: colour tokens for light and dark, sizes, and what Vega-Lite is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "ink": "#1a2530",
    "muted": "#52606d",
    "customers": "#0b6e8a",
    "organisations": "#b4501f",
    "line": "#7d8893",
    "grid": "#dfe4e8",
    "soft": "#f2f5f7",
    "good": "#1c6b3c",
}
DARK: Mapping[str, str] = {
    "paper": "#12181e",
    "ink": "#eef2f5",
    "muted": "#aeb9c3",
    "customers": "#6cc4de",
    "organisations": "#f0a37a",
    "line": "#87929d",
    "grid": "#2c363f",
    "soft": "#1b232b",
    "good": "#7fcf9c",
}
# What text and marks need against the paper (WCAG 2.2, 1.4.3 and 1.4.11).
TEXT_CONTRAST, MARK_CONTRAST = 4.5, 3.0
TEXT_TOKENS = ("ink", "muted", "customers", "organisations", "good")
MARK_TOKENS = (*TEXT_TOKENS, "line")
FONT = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif'
)
WIDE, NARROW = 665, 330
LABEL, SMALL = 12.5, 11.5
# A diamond of the same area looks smaller than a circle.
SIZES: Mapping[str, int] = {"circle": 95, "diamond": 130}
# Widths in ems of DejaVu Sans, the widest font in common use: what fits in it fits in the others.
_WIDTHS: Mapping[str, float] = {
    **dict.fromkeys(" .,:;|!'", 0.34),
    **dict.fromkeys("ijl", 0.28),
    **dict.fromkeys("()[]ftr", 0.41),
    **dict.fromkeys("mwMW%@", 0.98),
    **dict.fromkeys("+\N{MINUS SIGN}=", 0.84),
    **dict.fromkeys("0123456789", 0.64),
    "\N{NO-BREAK SPACE}": 0.34,
}
_SMALL_LETTER, _CAPITAL, _BOLD = 0.62, 0.74, 1.12


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2, relative luminance).

    Example:
        >>> round(contrast("#000000", "#ffffff"))
        21
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)  # noqa: PLR2004  # the sRGB transfer curve, WCAG 2.2
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ink_width(text: str, size: float = LABEL, *, bold: bool = False) -> float:
    """Return about how wide a text is at most, in pixels.

    Example:
        >>> ink_width("0", 10)
        6.4
    """
    ems = sum(_WIDTHS.get(each, _CAPITAL if each.isupper() else _SMALL_LETTER) for each in text)
    return ems * size * (_BOLD if bold else 1.0)


def variables() -> str:
    """Return the tokens as CSS: light, dark, and every drawn colour tied to its token."""
    light = ";".join(f"--{name}:{colour}" for name, colour in LIGHT.items())
    dark = ";".join(f"--{name}:{colour}" for name, colour in DARK.items())
    tied = "".join(
        f'svg [{what}="{colour}"]{{{what}:var(--{name})}}'
        for name, colour in LIGHT.items()
        for what in ("fill", "stroke")
    )
    return f":root{{{light}}}@media (prefers-color-scheme: dark){{:root{{{dark}}}}}@media screen{{{tied}}}"


def config() -> dict[str, Any]:
    """Return the part of a specification that says how things look."""
    text = {"labelFontSize": SMALL, "labelColor": LIGHT["muted"], "labelFont": FONT, "title": None}
    plain = {**text, "domain": False, "ticks": False, "gridColor": LIGHT["grid"], "labelOverlap": False}
    return {
        "background": None,
        "font": FONT,
        "view": {"stroke": None, "clip": False},
        "axis": plain,
        "axisY": {"labelPadding": 10},
        "text": {"font": FONT, "fontSize": LABEL, "color": LIGHT["ink"], "baseline": "middle"},
    }
