"""Programs written in C that the suite is measured against: those of this machine, or unpacked from its packages."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(".cache/tools")
PACKAGES = ("nginx", "wrk", "libluajit-5.1-2")


class ToolMissing(Exception):
    """The program is not here and its package cannot be had."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program and the environment that it runs in."""

    path: str
    environment: Mapping[str, str]


def find_tool(name: str) -> Tool:
    """``nginx`` or ``wrk``; unpacked below ``.cache`` where it is not installed, which touches nothing else.

    Raises ``ToolMissing``.
    """
    search = os.environ["PATH"]  # noqa: TID251 - where programs are is the machine's to say
    found = shutil.which(name, path=f"{search}:/usr/sbin:/usr/local/sbin")
    if found is not None:
        return Tool(found, {"PATH": search})
    for binaries in ("usr/bin", "usr/sbin"):
        unpacked = FOLDER.resolve() / binaries / name
        if not unpacked.exists():
            _unpack()
        if unpacked.exists():
            libraries = ":".join(str(path) for path in FOLDER.resolve().glob("usr/lib/*-linux-*"))
            return Tool(str(unpacked), {"PATH": search, "LD_LIBRARY_PATH": libraries})
    raise ToolMissing(name)


def _unpack() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(
            ["apt-get", "download", *PACKAGES], cwd=FOLDER, check=True, capture_output=True
        )
        for package in FOLDER.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, FOLDER], check=True, capture_output=True)
            package.unlink()
    except (OSError, subprocess.CalledProcessError):
        raise ToolMissing("its package cannot be had") from None
