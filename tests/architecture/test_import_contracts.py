"""The import contracts hold, and each of them bites: a planted import breaks it and no other."""

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.architecture.house import FLOORS, ROOT

CONFIGURATION = ".importlinter"

PLANTS = [
    ("floors", "shared/timers.py", "import services"),
    (
        "independence",
        "services/membership/domain/rules.py",
        "from services.notifications.domain import errors as theirs",
    ),
    ("rooms", "services/membership/reactions.py", "from services.membership.api import routing"),
    ("rooms", "services/notifications/usecases/inbox.py", "import services.notifications.settings"),
    ("rooms", "services/notifications/helpers.py", ""),
    ("core", "services/notifications/domain/notice.py", "import fastapi"),
    ("core", "services/membership/domain/member.py", "from shared.contracts import membership"),
    ("core", "shared/kernel/terms.py", "import pydantic"),
    ("language", "shared/contracts/cases.py", "import httpx"),
    ("foundation", "shared/messaging/bus.py", "from shared.http import etags"),
    ("foundation", "shared/utils.py", ""),
    ("broker", "deploy/clock.py", "import aio_pika"),
    ("broker", "shared/messaging/relay.py", "import aiormq"),
    (
        "cycles",
        "services/membership/store/tables.py",
        "from services.membership.store import members as stored",
    ),
    ("front-door", "deploy/clock.py", "from services.membership.domain import errors"),
    ("workbooks", "services/membership/usecases/imports.py", "import openpyxl"),
    ("production", "shared/db/work.py", "import tests.support"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The source code of the suite, and its contracts, in a folder of their own."""
    for floor in FLOORS:
        shutil.copytree(ROOT / floor, tmp_path / floor, ignore=_other_than_code)
    shutil.copy(ROOT / CONFIGURATION, tmp_path)
    return tmp_path


def _other_than_code(folder: str, names: list[str]) -> list[str]:
    return [n for n in names if not (n.endswith(".py") or (Path(folder) / n).is_dir())]


def contracts() -> dict[str, str]:
    """The contracts: identifier by name."""
    written = ConfigParser()
    written.read(ROOT / CONFIGURATION)
    return {
        written[section]["name"]: section.rpartition(":")[2]
        for section in written.sections()
        if section.startswith("importlinter:contract:")
    }


def broken_in(folder: Path) -> list[str]:
    """The identifiers of the contracts that the code in ``folder`` breaks."""
    lint = "from importlinter.cli import lint_imports_command as lint; lint()"
    ended = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache", "--no-logo"],
        cwd=folder,
        env={"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)$", ended.stdout, re.MULTILINE))
    assert verdicts.keys() == contracts().keys(), ended.stdout + ended.stderr
    return [contracts()[name] for name, verdict in verdicts.items() if verdict == "BROKEN"]


def test_the_house_keeps_its_contracts() -> None:
    assert broken_in(ROOT) == []


def test_every_contract_has_a_violation_planted() -> None:
    assert set(contracts().values()) == {contract for contract, _, _ in PLANTS}


@pytest.mark.parametrize(("contract", "file", "line"), PLANTS)
def test_a_planted_import_breaks_its_contract_and_no_other(
    copy: Path, contract: str, file: str, line: str
) -> None:
    with (copy / file).open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")
    assert broken_in(copy) == [contract]
