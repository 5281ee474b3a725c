"""XML elements and their text, for the formats that are XML."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

# XML 1.0 allows these in no way, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\ufffd"

Element = ET.Element


def allowed(text: str) -> str:
    """Return text with a replacement character for each that XML forbids."""
    return _FORBIDDEN.sub(_REPLACEMENT, text)


def element_of(tag: str, attributes: Mapping[str, object], text: str | None = None) -> Element:
    """Return an element; its attributes and text may hold any characters."""
    element = Element(tag, {name: allowed(str(value)) for name, value in attributes.items()})
    element.text = None if text is None else allowed(text)
    return element


def child(
    parent: Element, tag: str, attributes: Mapping[str, object], text: str | None = None
) -> Element:
    """Add an element to another and return it."""
    element = element_of(tag, attributes, text)
    parent.append(element)
    return element


def written(element: Element, level: int, *, end_tags: bool = False) -> str:
    """Return an element as text, indented, beginning at this level of indentation.

    end_tags: whether empty elements have one, without which HTML would not see them end.
    """
    ET.indent(element, level=level)
    text = ET.tostring(element, encoding="unicode", short_empty_elements=not end_tags)
    return "  " * level + text + "\n"
