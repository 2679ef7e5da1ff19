"""``.env.example`` is true: each setting is explained, and as an environment the file changes nothing."""

import shlex

import pytest

from tests.architecture.generate_docs import settings_classes
from tests.architecture.house import ROOT


def example() -> dict[str, str]:
    """The variables of the file, as a shell reads them."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    names_and_values = (word.partition("=") for word in shlex.split(text, comments=True))
    return {name: value for name, _, value in names_and_values}


def test_every_setting_explains_itself() -> None:
    unexplained = [
        f"{settings.__name__}.{name}"
        for settings in settings_classes()
        for name, field in settings.model_fields.items()
        if not field.description
    ]
    assert unexplained == []


def test_the_example_environment_is_the_default_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in example().items():
        monkeypatch.setenv(name, value)
    for settings in settings_classes():
        assert settings().model_dump() == settings.model_construct().model_dump()


def test_the_example_environment_names_nothing_that_is_not_read() -> None:
    read = {
        f"{settings.model_config['env_prefix']}{name}".upper()
        for settings in settings_classes()
        for name in settings.model_fields
    }
    assert example().keys() == read
