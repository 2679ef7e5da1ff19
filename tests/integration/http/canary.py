"""A word that is sent in what is refused, and must come back nowhere."""

import httpx
import pytest

from shared.http.problems import MEDIA_TYPE

CANARY = "kanarienvogel"


def assert_told(answer: httpx.Response, status: int, log: pytest.LogCaptureFixture) -> None:
    """The answer is a problem with ``status`` that repeats nothing of what was sent, and neither does the log."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json()["status"] == status
    assert CANARY not in answer.text
    assert CANARY not in str(answer.headers)
    assert "gongyue.access" in log.text, "the request is in the log"
    assert CANARY not in log.text
