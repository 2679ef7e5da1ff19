"""Importing a module only defines: nothing is connected, written, started or read from settings by it."""

from pathlib import Path

import pytest

from tests.architecture.house import FLOORS, fresh_python, module_name, sources

IMPORTING = """
import gc, os, sys, threading
from importlib import import_module

from fastapi import FastAPI
from pydantic_settings import BaseSettings
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

EFFECTS = {
    "os.mkdir", "os.remove", "os.rename", "os.symlink", "os.link", "os.putenv", "os.chmod", "os.fork",
    "socket.bind", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "tempfile.mkdtemp",
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND


def refuse(event, arguments):
    if event in EFFECTS or (event == "open" and arguments[2] & WRITING):
        raise AssertionError(f"{event} {arguments}")


def read_settings(settings, *_, **__):
    raise AssertionError(f"{type(settings).__name__} reads the environment")


sys.addaudithook(refuse)
BaseSettings.__init__ = read_settings
for module in sys.argv[1:]:
    try:
        import_module(module)
    except BaseException as fault:
        sys.exit(f"importing {module}: {fault!r}")
made = [o for o in gc.get_objects() if issubclass(type(o), (Starlette, Engine, AsyncEngine))]
assert not made, made
assert threading.active_count() == 1, threading.enumerate()
"""


EFFECTS = {
    "reads settings": "from pydantic_settings import BaseSettings\nBaseSettings()",
    "makes an app": "from fastapi import FastAPI\napp = FastAPI()",
    "makes an engine": (
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        "engine = create_async_engine('postgresql+asyncpg://')"
    ),
    "connects": "import socket\nsocket.socket().connect(('127.0.0.1', 9))",
    "writes": "from pathlib import Path\nPath('written').touch()",
    "starts a process": "import subprocess\nsubprocess.run(['true'])",
    "starts a thread": (
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    ),
}


def test_importing_any_module_has_no_effect() -> None:
    fresh_python(IMPORTING, *(module_name(file) for file in sources(*FLOORS)))


@pytest.mark.parametrize("code", EFFECTS.values(), ids=EFFECTS.keys())
def test_a_module_that_has_an_effect_is_found_out(code: str, tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(code + "\n")
    with pytest.raises(AssertionError):
        fresh_python(IMPORTING, "planted", folder=tmp_path)
