"""The OpenAPI document, built from what the code itself says."""
