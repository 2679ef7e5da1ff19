"""Files fit on a few screens, functions on one."""

import ast
from pathlib import Path

from tests.architecture.house import FLOORS, ROOT, sources, tree_of

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60

FILES = sources(*FLOORS, "tests")


def functions_of(file: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method that ``file`` defines."""
    nodes = ast.walk(tree_of(file))
    return [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_every_file_fits_on_a_few_screens() -> None:
    lines = {
        str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines())
        for file in FILES
    }
    assert {file: count for file, count in lines.items() if count > LINES_OF_A_FILE} == {}


def test_every_function_fits_on_a_screen() -> None:
    lines = {
        f"{file.relative_to(ROOT)}: {function.name}": function.end_lineno - function.lineno + 1
        for file in FILES
        for function in functions_of(file)
        if function.end_lineno is not None
    }
    assert {name: count for name, count in lines.items() if count > LINES_OF_A_FUNCTION} == {}
