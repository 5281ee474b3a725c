"""Every setting once: name, default, bounds and meaning. Read from OCR_SERVER_* variables."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, FilePath, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ocr_server.cores import usable_cores

_MIB = 1024 * 1024
_PREFIX = "OCR_SERVER_"
MOST_PORT, MOST_WORKERS = 65535, 1024
_MOST_WAITING = 256  # The kernel holds some 500 places of a queue.
_MADE_DEFAULTS = {
    "workers": "usable cores",
    "slots": "usable cores",
    "max_waiting": f"8 x usable cores, at most {_MOST_WAITING}",
    "api_keys": "none",
    "api_keys_file": "none",
    "cache_dir": "`~/.cache/ocr_server`",
    **dict.fromkeys(("det_model_path", "cls_model_path", "rec_model_path"), "RapidOCR's"),
    "rec_keys_path": "the model's own",
}


def _model_path(model: str, description: str) -> Any:
    """Return a field that is set by a variable of `rapidocr_api` too."""
    name = f"{model}_model_path"
    return Field(
        None,
        validation_alias=AliasChoices(f"{_PREFIX}{name}", name),
        description=f"{description} Also set by `{name}`, as in `rapidocr_api`.",
    )


class InvalidSettings(Exception):
    """A setting's value is not allowed; the message names the variable and what is allowed."""


class Settings(BaseSettings):
    """The server's settings; `OCR_SERVER_PORT=8000` in the environment sets `port`."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="forbid")

    host: str = Field("0.0.0.0", description="Address to listen on.")
    port: int = Field(9003, ge=1, le=MOST_PORT, description="TCP port to listen on.")
    workers: int = Field(
        default_factory=usable_cores,
        ge=1,
        le=MOST_WORKERS,
        description="Worker processes, each with its own engine. Default: the usable cores.",
    )
    slots: int = Field(
        default_factory=usable_cores,
        ge=1,
        le=256,
        description="Inferences that run at once on the machine. Default: the usable cores.",
    )
    max_waiting: int = Field(
        default_factory=lambda: min(8 * usable_cores(), _MOST_WAITING),
        ge=1,
        le=_MOST_WAITING,
        description="Requests that may wait for a slot on the machine. More get 503 at once.",
    )
    max_wait_seconds: float = Field(
        30, gt=0, description="Longest wait for a slot in seconds. Then the answer is 503."
    )
    max_inference_seconds: float = Field(
        120,
        gt=0,
        description="Longest time in seconds that reading one picture may take. Then its worker "
        "is ended and replaced.",
    )
    max_load_seconds: float = Field(
        120,
        gt=0,
        description="Longest time in seconds that a worker may take to load its engine. Then it "
        "is replaced.",
    )
    max_worker_bytes: int = Field(
        2048 * _MIB,
        ge=512 * _MIB,
        description="Most memory in bytes that a worker may hold. Beyond that it is replaced, "
        "when its requests are answered, one worker at a time.",
    )
    max_header_seconds: float = Field(
        20,
        gt=0,
        description="Longest time in seconds for a request's head to arrive. Then its connection "
        "is closed.",
    )
    max_upload_seconds: float = Field(
        60, gt=0, description="Longest time in seconds for a request's body to arrive. Then 408."
    )
    threads: int = Field(
        128,
        ge=1,
        le=1024,
        description="Requests a worker holds at once: uploading, waiting or being read.",
    )
    max_image_bytes: int = Field(
        20 * _MIB, ge=1, description="Largest picture, as a file, in bytes. Larger ones get 413."
    )
    max_body_bytes: int = Field(
        40 * _MIB,
        ge=1,
        description="Largest request body in bytes. Base64 in a form needs up to 1.5 times the "
        "picture.",
    )
    max_document_bytes: int = Field(
        40 * _MIB, ge=1, description="Largest document, as a file, in bytes. Larger ones get 413."
    )
    max_pages: int = Field(
        1000,
        ge=1,
        le=100_000,
        description="Most pages of a document that one request may have read. More get 413.",
    )
    max_documents: int = Field(
        4,
        ge=1,
        description="Documents that a worker reads at once. Others wait, as pictures wait for a "
        "slot.",
    )
    max_render_seconds: int = Field(
        20,
        ge=1,
        description="Longest time in seconds that a PDF may take to open, or a page of it to "
        "render. Then the page is reported as failed. At most a third of "
        "`OCR_SERVER_MAX_INFERENCE_SECONDS` counts.",
    )
    max_render_bytes: int = Field(
        1024 * _MIB,
        ge=256 * _MIB,
        description="Most memory in bytes for rendering a PDF, in a process of its own. Where that "
        "is not enough, the page is reported as failed.",
    )
    max_image_pixels: int = Field(
        70_000_000,
        ge=1,
        description="Most pixels (width x height) of a picture. The default is an A3 page at 600 "
        "dots an inch.",
    )
    max_inference_pixels: int = Field(
        6_000_000,
        ge=4_500_000,
        description="Most pixels the detector may see. The engine enlarges long thin pictures; "
        "those that would grow past this are padded instead.",
    )

    det_model_path: FilePath | None = _model_path("det", "The detector's model, an ONNX file.")
    cls_model_path: FilePath | None = _model_path("cls", "The classifier's model.")
    rec_model_path: FilePath | None = _model_path(
        "rec", "The recognizer's model: the one of the language that is to be read."
    )
    rec_keys_path: FilePath | None = Field(
        None,
        description="File with the characters that the recognizer knows, one a line, for models "
        "that do not hold them.",
    )

    api_keys: str = Field(
        "",
        description="SHA-256 hashes of the API keys that are let in, with commas between. Make a "
        "key and its hash with `ocr_server key`. Without any, everybody is let in.",
    )
    api_keys_file: Path | None = Field(
        None,
        description="File with such hashes, one a line, a name behind it if you like. Read again "
        "on a reload.",
    )
    open_metrics: bool = Field(
        False, description="Whether /metrics is open without a key, as /healthz always is."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How the log is written: `text`, or `json`, an object a line."
    )

    elastic: bool = Field(
        True, description="Whether a request may use the cores of slots that nobody else wants."
    )
    fold: bool = Field(
        True, description="Whether the models are rewritten to run faster, with the same answers."
    )
    cache_dir: Path = Field(
        default_factory=lambda: _cache_home() / "ocr_server",
        description="Folder that keeps the rewritten models from one start to the next.",
    )

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the OCR_SERVER_* variables. Raises InvalidSettings."""
        try:
            return cls()
        except ValidationError as error:
            raise InvalidSettings("; ".join(_complaints(error))) from None


class ClientSettings(BaseSettings):
    """What `ocr_server read` takes from the environment."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)

    key: str = Field("", pattern="^[!-~]*$", description="API key to send, in printable ASCII.")
    password: str = Field("", description="Password of encrypted PDFs.")

    @classmethod
    def from_environment(cls) -> "ClientSettings":
        """Read the OCR_SERVER_* variables. Raises InvalidSettings, without what they hold."""
        try:
            return cls()
        except ValidationError:
            raise InvalidSettings(f"{_PREFIX}KEY must be printable ASCII without spaces") from None


def unknown_variables() -> list[str]:
    """Return the variables that look like settings and are none."""
    names = [*Settings.model_fields, *ClientSettings.model_fields]
    known = {f"{_PREFIX}{name}".upper() for name in names}
    return sorted(
        name for name in os.environ if name.startswith(_PREFIX) and name.upper() not in known
    )


def _cache_home() -> Path:
    """Return where caches go by the XDG base directory specification, or for users without home."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111
    return home if home.is_absolute() else Path("/var/cache")


def _complaints(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        # The location is the field's name or, where it has one, its alias: the whole variable.
        variable = _PREFIX + str(problem["loc"][0]).removeprefix(_PREFIX).upper()
        yield f"{variable}={problem['input']!r}: {problem['msg']}"


def settings_table() -> str:
    """Return the settings as a Markdown table, as it stands in docs/settings.md."""
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = _MADE_DEFAULTS.get(name, f"`{field.default}`")
        rows.append(f"| `{_PREFIX}{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows) + "\n"
