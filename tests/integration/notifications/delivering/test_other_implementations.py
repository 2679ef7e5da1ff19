"""Webhooks as somebody else's library reads them: ``standardwebhooks`` for Node, where Node is there."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.integration.notifications.conftest import House
from tests.integration.notifications.delivering.owners import owners_of, path_of
from tests.support.receiving import Received

LIBRARY = "standardwebhooks@1"
FOLDER = Path(__file__).parents[4] / ".cache" / "node"
INSTALL = ("install", "--prefix", str(FOLDER), "--ignore-scripts", "--no-audit", "--no-fund")
INSTALL_SECONDS = 60
VERIFY = """
const { Webhook } = require("standardwebhooks");
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
const verdicts = cases.map(({ secret, body, headers }) => {
  try { new Webhook(secret).verify(body, headers); return "verified"; }
  catch (refusal) { return refusal.message; }
});
console.log(JSON.stringify(verdicts));
"""


@pytest.fixture(scope="module")
def node() -> str:
    """A Node that knows the library; skipped where there is none, or the library cannot be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("needs node and npm")
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not (FOLDER / "node_modules" / "standardwebhooks").is_dir():
        try:
            subprocess.run(
                [npm, *INSTALL, LIBRARY], capture_output=True, timeout=INSTALL_SECONDS, check=True
            )
        except subprocess.SubprocessError:
            pytest.skip("the library cannot be installed here")
    return node


def case(secret: str, request: Received, **changes: str) -> dict[str, Any]:
    """A request as a receiver that knows ``secret`` hands it to the library."""
    body = changes.pop("body", request.body.decode())
    return {"secret": secret, "body": body, "headers": {**request.headers, **changes}}


def verdicts(node: str, cases: Sequence[dict[str, Any]]) -> list[str]:
    """What the library says of each case."""
    ended = subprocess.run(
        [node, "-e", VERIFY],
        cwd=FOLDER,
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return list(json.loads(ended.stdout))


async def test_the_library_for_node_accepts_what_we_send_and_nothing_that_was_changed(
    house: House, node: str
) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        await house.issue(acknowledgement_required=True)
        rotated = await owners.of(unit).post(f"{path_of(made)}/secret-rotation", {})
        await owners.test_event(unit, made)
        await owners.idle()
        (check,), (circular, test) = owners.checks(), owners.requests()
    old, new = made["secret"], rotated["secret"]
    good = [case(old, check), case(old, circular), case(old, test), case(new, test)]
    bad = [
        case(new, check),
        case(old, circular, body=circular.body.decode() + " "),
        case(old, circular, **{"webhook-id": test.webhook_id}),
        case(old, circular, **{"webhook-timestamp": "1"}),
    ]
    said = verdicts(node, [*good, *bad])
    assert said[: len(good)] == ["verified"] * len(good)
    assert "verified" not in said[len(good) :]
