"""What schemathesis is told: how to make pictures, for random bytes are none."""

import base64
import io

import schemathesis
from hypothesis import strategies as st
from PIL import Image
from schemathesis.transport.serialization import Binary

FORMATS = ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]


def picture(form: str) -> bytes:
    """A small blank picture."""
    file = io.BytesIO()
    Image.new("L", (32, 24), 255).save(file, form)
    return file.getvalue()


PICTURES = [picture(form) for form in FORMATS]
pictures = st.sampled_from(PICTURES)


@st.composite
def base64_texts(draw: st.DrawFn) -> str:
    return base64.b64encode(draw(pictures)).decode()


schemathesis.openapi.format("byte", base64_texts())
schemathesis.openapi.format("binary", pictures)
for media_type in ("image/png", "application/octet-stream"):
    schemathesis.openapi.media_type(media_type, pictures)


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, object]
) -> None:
    """Leave out what the server does not look at, right or wrong."""
    if isinstance(case.body, dict):
        # The body's options win over the query's.
        case.query = {name: value for name, value in case.query.items() if name not in case.body}
        # A picture as text counts; a file that is none is one of the fields that are ignored.
        if "image_data" in case.body and not _is_files(case.body.get("image_file")):
            case.body = {name: part for name, part in case.body.items() if name != "image_file"}


def _is_files(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, Binary) for item in value)
