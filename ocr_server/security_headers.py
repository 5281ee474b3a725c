"""Headers that forbid browsers what no answer of ours needs."""

import flask


def _policy(**directives: str) -> str:
    """Return a Content-Security-Policy: nothing but from here, and only what is named."""
    allowed = {
        "default-src": "'none'",
        "script-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        **{name.replace("_", "-"): sources for name, sources in directives.items()},
    }
    return "; ".join(f"{name} {sources}" for name, sources in allowed.items())


# Pictures are shown from the browser's memory: blob. A form is sent where there is no script.
# With trusted types no text can become markup.
PAGE_POLICY = _policy(
    style_src="'self'",
    img_src="'self' blob:",
    form_action="'self'",
    require_trusted_types_for="'script'",
    trusted_types="'none'",
)
# Swagger UI sets style attributes in its markup, and its style sheet holds its icons.
SWAGGER_POLICY = _policy(
    style_src="'self' 'unsafe-inline'", img_src="'self' data:", form_action="'none'"
)
_UNUSED = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
_ON_PAGES = {
    "Content-Security-Policy": PAGE_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED),
    "Referrer-Policy": "no-referrer",
}


def register(app: flask.Flask) -> None:
    """Send them with every answer of an application."""
    app.after_request(_protect)


def _protect(response: flask.Response) -> flask.Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.mimetype == "text/html":
        for name, value in _ON_PAGES.items():
            response.headers.setdefault(name, value)
    return response
