"""The WSGI application, for `gunicorn -c gunicorn.conf.py wsgi:app`."""

from ocr_server import create_app

app = create_app()
