"""The published language: what services tell each other. Pydantic models, no I/O."""
