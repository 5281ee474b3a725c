"""The command `ocr_server read`, part by part."""
