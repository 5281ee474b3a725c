"""The live server against its own OpenAPI document."""
