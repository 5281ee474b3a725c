"""A form in which an answer is written, and how a client asks for one."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ocr_server.errors import InvalidOption
from ocr_server.options import Options
from ocr_server.page import Page

# Names of the Accept header for anything at all, and for pages.
_DEFAULT_TYPES = {"*/*", "application/*", "text/html"}


@dataclass(frozen=True, slots=True)
class Format:
    """A form in which an answer is written.

    name: what `format` asks for.
    media_types: what an Accept header asks for; the first is the answer's own.
    write: pages, in order, to pieces of the answer, each as soon as its page is there; None
    where text lines alone are not enough to write it.
    needs_words: whether it tells where words lie.
    """

    name: str
    media_types: tuple[str, ...]
    write: Callable[[Iterable[Page]], Iterator[str]] | None = None
    needs_words: bool = False

    def options(self, asked: Options) -> Options:
        """Return what the engine is to be asked for, for an answer in this format."""
        return replace(asked, return_word_box=True) if self.needs_words else asked


def chosen(formats: Sequence[Format], fields: Mapping[str, Any], accepted: Sequence[str]) -> Format:
    """Return the format that a request asks for, the first of `formats` if it does not care.

    fields: the request's; `format` wins over the Accept header.
    accepted: the media types of the Accept header, the dearest first; one that leaves room for the
    default, or is a browser's, gets that.
    Raises InvalidOption if `format` names none of the formats.
    """
    by_name = {format_.name: format_ for format_ in formats}
    if "format" in fields:
        name = fields["format"]
        if not isinstance(name, str) or name.lower() not in by_name:
            raise InvalidOption(f"format must be one of {', '.join(by_name)} at this path.")
        return by_name[name.lower()]
    # Libraries name plain text, and browsers WebP and XML, beside what they really want. The
    # default is what clients of today get; only who leaves no room for it means something else.
    if not _DEFAULT_TYPES.union(formats[0].media_types).isdisjoint(accepted):
        return formats[0]
    by_media_type = {kind: form for form in reversed(formats) for kind in form.media_types}
    wanted = (by_media_type.get(kind) for kind in accepted)
    return next((format_ for format_ in wanted if format_), formats[0])
