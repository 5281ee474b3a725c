"""gunicorn's configuration: `gunicorn -c gunicorn.conf.py wsgi:app`.

The values stand in the package, so that an installed `ocr_server` runs the very same ones.
gunicorn's own flags win over them.
"""

from ocr_server.gunicorn_config import *  # noqa: F403
