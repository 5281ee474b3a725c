"""`python -m ocr_server`."""

from ocr_server.cli import main

if __name__ == "__main__":
    main()
