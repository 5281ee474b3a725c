"""An operation of the document: a method of a path, what it takes and what it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ocr_server.errors import OcrServerError
from ocr_server.openapi import problems

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path.

    name, tag, summary: for those who read the document, and for what is made from it.
    meaning: what the answer says.
    content: the answer's schema by media type.
    errors: what it may answer beside what every request may get.
    parameters: of the query or the path.
    body: what is sent; None for nothing.
    is_open: whether it needs no API key where others do.
    is_kept: whether browsers keep a copy, and ask only whether it is still good.
    """

    name: str
    tag: str
    summary: str
    meaning: str
    content: Mapping[str, Schema]
    errors: Sequence[type[OcrServerError]] = ()
    parameters: Sequence[Schema] = ()
    body: Schema | None = None
    headers: Sequence[str] = ()
    is_open: bool = False
    is_kept: bool = False

    def members(self) -> Schema:
        """Return the operation as it stands in the document."""
        request_id = {"$ref": "#/components/parameters/RequestId"}
        return {
            "operationId": self.name,
            "tags": [self.tag],
            "summary": self.summary,
            "parameters": [*self.parameters, request_id],
            **({} if self.body is None else {"requestBody": self.body}),
            "responses": {
                **self._answers(),
                **problems.responses([*problems.ANYWHERE, *self.errors]),
            },
            **({"security": []} if self.is_open else {}),
        }

    def _answers(self) -> Schema:
        names = [*problems.ON_EVERY_ANSWER, *self.headers, *(["ETag"] if self.is_kept else [])]
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        answer = {"description": self.meaning, "headers": headers, "content": dict(self.content)}
        same = {"description": "The copy that If-None-Match names is good.", "headers": headers}
        return {"200": answer, **({"304": same} if self.is_kept else {})}
