"""Text as it must be written so that Markdown shows it as it is."""

import re
import unicodedata

# GFM's are among them: | parts the cells of a table, ~~ strikes through.
_SPECIAL = re.compile(r"[\\`*_\[\]<>|~]|&(?=#?\w+;)")
# What only means something at the start of a line: headings, quotes, lists, underlines.
_SPECIAL_START = re.compile(r"(#{1,6}|[-+=]+|\d{1,9}[.)])(?=\s|$)")
_BULLET = re.compile(r"[-*+•·●○▪■◆\u2013]\s+(?=\S)|[•●○▪]\s*(?=\S)")
_NUMBER = re.compile(r"(\d{1,3}[.)])(\s+|(?=[^\W\d]))(?=\S)")
_HARD_BREAK = "\\\n"
_WIDE = ("W", "F")


def escaped(text: str) -> str:
    """Return text whose special characters stand for themselves, except at a line's start."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def escaped_heading(text: str) -> str:
    """Return escaped text of one line whose number signs do not close the heading."""
    return escaped(text).replace("#", r"\#")


def escaped_starts(text: str) -> str:
    """Return escaped text of one or more lines that begin neither a heading nor a list."""
    return "\n".join(map(_escaped_start, text.split("\n")))


def split_marker(text: str) -> tuple[str, str]:
    """Return the marker of a list's item, "- " or "3. " or nothing, and the text after it."""
    if bullet := _BULLET.match(text):
        return "- ", text[bullet.end() :]
    if number := _NUMBER.match(text):
        return f"{number[1]} ", text[number.end() :]
    return "", text


def join(above: str, below: str, was_full: bool = True) -> str:
    """Join two lines of a paragraph; a line that was not full keeps its end."""
    if not was_full:
        return above + _HARD_BREAK + below
    # Chinese and Japanese have no spaces; a hyphen belongs to the word, or to the compound.
    if above.endswith("-") or (is_wide(above[-1]) and is_wide(below[0])):
        return above + below
    return f"{above} {below}"


def is_wide(character: str) -> bool:
    """Tell whether a character is Chinese or Japanese, or their punctuation."""
    return unicodedata.east_asian_width(character) in _WIDE


def _escaped_start(line: str) -> str:
    found = _SPECIAL_START.match(line)
    if not found:
        return line
    # Backslashes only escape punctuation, so within a number it is the last character.
    place = found.end() - 1 if line[0].isdigit() else 0
    return f"{line[:place]}\\{line[place:]}"
