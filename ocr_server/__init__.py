"""An OCR server: send a picture, get the text in it."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import flask

    from ocr_server.engine import Engine
    from ocr_server.settings import Settings
    from ocr_server.slots import Slots

__version__ = "0.1.0"


def create_app(
    settings: "Settings | None" = None,
    engine: "Engine | None" = None,
    slots: "Slots | None" = None,
) -> "flask.Flask":
    """Build the WSGI application; it is ready to read pictures when this returns.

    What is not given is made: settings from the environment, an engine (its models are loaded
    and warmed up here), slots for this process alone. Under gunicorn the hooks of
    `ocr_server.server` call this in each worker, after the fork, with the machine's slots.
    Raises InvalidSettings.
    """
    from ocr_server.settings import Settings

    settings = settings or Settings.from_environment()
    # OpenCV's own limit; read when it is loaded.
    os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(settings.max_image_pixels)

    # Imported here, so that `ocr_server -h` answers without loading OpenCV and onnxruntime.
    import flask

    from ocr_server import access, extension, problem, request_id, security_headers, telemetry
    from ocr_server.blueprints import assets, docs, document, index, metrics, ocr, openapi
    from ocr_server.engine import Engine
    from ocr_server.keys import Keys
    from ocr_server.metrics import Metrics
    from ocr_server.payload import BoundedRequest
    from ocr_server.slots import Slots

    app = flask.Flask(__name__, static_folder=None)
    app.request_class = BoundedRequest
    app.url_map.merge_slashes = False  # A redirect would repeat the client's Host header.
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    # Flask's default of 500 kB would refuse a base64 field of a 400 kB picture.
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body_bytes

    extension.register(
        app,
        extension.Extension(
            settings=settings,
            engine=engine or Engine.loaded(settings),
            slots=slots or Slots(settings.slots, settings.max_waiting),
            keys=Keys.of(settings),
            metrics=Metrics(),
        ),
    )
    request_id.register(app)
    security_headers.register(app)
    telemetry.register(app)
    access.register(app)
    problem.register(app)
    app.register_blueprint(assets.blueprint)
    app.register_blueprint(docs.blueprint)
    app.register_blueprint(index.blueprint)
    app.register_blueprint(metrics.blueprint)
    app.register_blueprint(ocr.blueprint)
    app.register_blueprint(document.blueprint)
    app.register_blueprint(openapi.blueprint)
    return app
