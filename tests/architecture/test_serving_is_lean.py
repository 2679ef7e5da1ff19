"""A process that serves carries no tool of the workshop: no migrations, no spreadsheets, no tests."""

import pytest

from tests.architecture.house import SERVICES, fresh_python

TOOLS = ("alembic", "hypothesis", "mako", "openpyxl", "pytest", "schemathesis", "typer")

LOADED = """
import sys
from importlib import import_module

import_module(f"services.{sys.argv[1]}.service")
import_module("shared.serve")
print(*sorted(set(sys.argv[2:]) & set(sys.modules)))
"""


@pytest.mark.parametrize("service", SERVICES)
def test_a_serving_process_loads_no_tools(service: str) -> None:
    assert fresh_python(LOADED, service, *TOOLS).split() == []
