"""A service needs ``shared`` and nothing of its neighbours."""

import shutil
from pathlib import Path

import pytest

from tests.architecture.house import ROOT, SERVICES, declared, fresh_python

STARTING = """
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import shared
from shared.messaging.memory import MemoryBus
from shared.service import create_app

service, *others = sys.argv[1:]
assert Path(shared.__file__).is_relative_to(Path.cwd())
assert not any(find_spec(f"services.{other}") for other in others)
declaration = getattr(import_module(f"services.{service}.service"), service)()
app = create_app(declaration, MemoryBus())
print(*{path.split("/")[2] for path in app.openapi()["paths"] if path.startswith("/v1/")})
"""


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_alone_answers_all_its_paths(service: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "shared", tmp_path / "shared")
    shutil.copytree(ROOT / "services" / service, tmp_path / "services" / service)
    shutil.copy(ROOT / "services" / "__init__.py", tmp_path / "services")
    others = [other for other in SERVICES if other != service]
    answered = fresh_python(STARTING, service, *others, folder=tmp_path).split()
    assert sorted(answered) == sorted(declared(service).paths)
