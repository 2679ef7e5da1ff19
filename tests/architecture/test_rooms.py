"""Every service has the same rooms, and each room says only what it may."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.house import FLOORS, ROOT, SERVICES, imports_of, module_name, room, sources

ROOMS = {
    "__init__",
    "__main__",
    "api",
    "domain",
    "migrations",
    "reactions",
    "service",
    "settings",
    "store",
    "timers",
    "usecases",
}
ROOMS_THAT_NOT_ALL_NEED = {"outbound", "workers"}

FURNITURE = {
    "domain": {"errors", "lifecycle"},
    "store": {"queries", "tables"},
    "api": {"schemas"},
}

FOREIGN = {
    "usecases": {"asyncpg", "fastapi", "httpx", "pydantic", "sqlalchemy", "starlette"},
    "store": {"fastapi", "pydantic", "starlette"},
    "api": {"asyncpg", "httpx", "sqlalchemy"},
    "reactions": {"asyncpg", "fastapi", "httpx", "pydantic", "sqlalchemy", "starlette"},
    "timers": {"asyncpg", "fastapi", "httpx", "pydantic", "sqlalchemy", "starlette"},
    "workers": {"asyncpg", "fastapi", "httpx", "pydantic", "sqlalchemy", "starlette"},
    "outbound": {"asyncpg", "fastapi", "sqlalchemy", "starlette"},
}
ALLOWED_ALL_THE_SAME = {("sqlalchemy", "Row")}
"""The type of a row that a query returned: a view is made from it."""

CALCULATORS = {"stdnum", "uuid_utils"}
"""Libraries that only compute: a domain and the kernel may use them."""

NAMES_OF_NOTHING = {"base", "common", "core", "helpers", "manager", "misc", "utils"}
NAMED_BASE = {Path("shared/contracts/base.py"), Path("shared/db/base.py")}

each_service = pytest.mark.parametrize("service", SERVICES)


def in_folder(folder: Path) -> set[str]:
    """The modules and packages in ``folder``, by name."""
    return {
        entry.stem
        for entry in folder.iterdir()
        if entry.suffix == ".py" or (entry.is_dir() and entry.name != "__pycache__")
    }


def foreign_words(service: str, name: str) -> Iterator[str]:
    """What a room of ``service`` imports although it may not."""
    for file in room(service, name):
        for module, word in imports_of(file):
            library = module.partition(".")[0]
            if library in FOREIGN[name] and (module, word) not in ALLOWED_ALL_THE_SAME:
                yield f"{file.relative_to(ROOT)}: {module}"


@each_service
def test_a_service_has_the_rooms_that_every_service_has(service: str) -> None:
    rooms = in_folder(ROOT / "services" / service)
    assert rooms - ROOMS_THAT_NOT_ALL_NEED == ROOMS


@each_service
@pytest.mark.parametrize("name", FURNITURE)
def test_a_room_has_what_one_looks_for_in_it(service: str, name: str) -> None:
    assert in_folder(ROOT / "services" / service / name) >= FURNITURE[name]


@each_service
@pytest.mark.parametrize("name", FOREIGN)
def test_a_room_says_only_what_it_may(service: str, name: str) -> None:
    assert list(foreign_words(service, name)) == []


@pytest.mark.parametrize(
    ("home", "known"),
    [("shared/kernel", ("shared.kernel",))]
    + [(f"services/{s}/domain", (f"services.{s}.domain", "shared.kernel")) for s in SERVICES],
)
def test_the_core_knows_the_standard_library_and_itself(home: str, known: tuple[str, ...]) -> None:
    ours = [
        (file.name, module)
        for file in sources(home)
        for module, _ in imports_of(file)
        if module.partition(".")[0] not in sys.stdlib_module_names | CALCULATORS
    ]
    assert [place for place in ours if not place[1].startswith(known)] == []


def test_no_service_ends_a_transaction() -> None:
    """One transaction a request, opened and committed by the floor."""
    ends = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in sources("services")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"}
    ]
    assert ends == []


@each_service
def test_every_module_of_a_domain_has_its_tests(service: str) -> None:
    domain = f"services.{service}.domain"
    tested = {
        name
        for file in sources(f"tests/unit/{service}/domain")
        for module, word in imports_of(file)
        for name in (module, f"{module}.{word}")
    }
    modules = {module_name(file) for file in room(service, "domain")} - {domain}
    assert modules - tested == set()


def test_every_file_has_a_name_that_says_something() -> None:
    files = [file.relative_to(ROOT) for file in sources(*FLOORS, "tests")]
    nameless = {
        file
        for file in files
        if NAMES_OF_NOTHING & {word for part in file.parts for word in Path(part).stem.split("_")}
    }
    assert nameless == NAMED_BASE
