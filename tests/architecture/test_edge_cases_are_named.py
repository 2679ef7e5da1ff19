"""Every row of "Amendments, annexes, interpretations, text" in the design's edge cases has a test that quotes it.

The marker is a docstring of a test that says ``Edge case 9: "…"``; a module's docstring counts for all tests in it.
"""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.house import ROOT, tree_of

ROWS = range(1, 32)
FOLDERS = ("tests/unit/amendments", "tests/integration/amendments")

_MARKER = re.compile(r"\bedge cases? ((?:\d+(?:, | and )?)+)", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]+"')


def quoting_docstrings() -> Iterator[str]:
    """What the tests of amendments say of themselves, where they quote something."""
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("test_*.py")):
            tree = tree_of(file)
            tests = (
                n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
            )
            for node in (tree, *(test for test in tests if test.name.startswith("test_"))):
                docstring = ast.get_docstring(node) or ""
                if _QUOTED.search(docstring):
                    yield docstring


def rows_named_in(docstring: str) -> set[int]:
    """The numbers of the edge cases that a docstring names."""
    return {int(row) for found in _MARKER.findall(docstring) for row in re.findall(r"\d+", found)}


@pytest.mark.parametrize("row", ROWS)
def test_a_test_quotes_the_edge_case(row: int) -> None:
    assert any(row in rows_named_in(docstring) for docstring in quoting_docstrings())


def test_no_test_names_an_edge_case_that_does_not_exist() -> None:
    named = {row for docstring in quoting_docstrings() for row in rows_named_in(docstring)}
    assert named <= set(ROWS)
