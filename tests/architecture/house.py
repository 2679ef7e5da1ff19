"""The house as it stands: its files, its services, and an interpreter that knows nothing of it yet."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from shared.service import Service

ROOT = Path(__file__).parents[2]
FLOORS = ("shared", "services", "deploy")
SERVICES = sorted(file.parent.name for file in ROOT.glob("services/*/service.py"))


def sources(*folders: str) -> list[Path]:
    """The Python files below ``folders`` (paths from the root), without migrations."""
    files = (file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    return sorted(file for file in files if "migrations" not in file.relative_to(ROOT).parts)


def module_name(file: Path) -> str:
    """The dotted name under which ``file`` is imported."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(file: Path) -> ast.Module:
    """The syntax tree of ``file``."""
    return ast.parse(file.read_text(encoding="utf-8"))


def imports_of(file: Path) -> Iterator[tuple[str, str | None]]:
    """What ``file`` imports, wherever it does so: (module, name), the name None for ``import module``."""
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def room(service: str, name: str) -> list[Path]:
    """The files of one room of ``service``, be it a module or a package; none where it has no such room."""
    folder = ROOT / "services" / service / name
    return sources(str(folder.relative_to(ROOT))) if folder.is_dir() else _if_there(folder)


def _if_there(folder: Path) -> list[Path]:
    file = folder.with_suffix(".py")
    return [file] if file.exists() else []


def declared(service: str) -> Service:
    """The declaration of ``service``."""
    declaration: Service = getattr(import_module(f"services.{service}.service"), service)()
    return declaration


def fresh_python(code: str, *arguments: str, folder: Path = ROOT) -> str:
    """What ``code`` prints in a new interpreter, in ``folder`` and an empty environment; it must end well."""
    ended = subprocess.run(
        [sys.executable, "-B", "-c", code, *arguments],
        cwd=folder,
        env={},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
