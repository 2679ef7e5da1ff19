"""What webhooks say: thin, marked where it is a test, and a challenge that only the receiver gets (N4)."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from services.notifications.domain import message
from services.notifications.domain.attempt import Answer, AttemptOutcome
from services.notifications.domain.message import (
    CHECK_SCHEDULE,
    Message,
    WebhookType,
    echoes,
    message_of_affair,
    message_of_notice,
    verification,
)
from tests.unit.notifications.domain.examples import NOW, draft, issue

HOST = "https://suite.example"
CHECK = verification("whm_1", "mem_1", "whe_1", "the-challenge", NOW)


def said(told: Message) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(told.body(HOST))
    return body


def test_a_notice_is_told_by_ids_a_day_and_a_link_never_by_its_text() -> None:
    """Edge case 9: "thin payload (id, type, time), body only after authentication"."""
    notice = issue(draft())
    told = message_of_notice("whm_1", notice)
    assert said(told) == {
        "type": "notifications.circular.issued.v1",
        "timestamp": "2026-03-10T04:00:00Z",
        "data": {
            "notice_id": "ntc_1",
            "about_id": "cir_1",
            "number": "C-2026-031",
            "category": "regulation",
            "register_version": 48,
            "acknowledge_by": "2026-03-20",
            "url": "https://suite.example/v1/inbox/ntc_1",
        },
    }
    assert (told.notice_id, told.member_id, told.endpoint_id) == ("ntc_1", None, None)
    text = told.body(HOST).decode()
    assert notice.title.zh not in text
    assert notice.body.zh not in text


def test_an_affair_is_told_to_the_member_it_concerns() -> None:
    told = message_of_affair(
        "whm_1", WebhookType.MEMBER_ENDED, "mem_1", {"register_version": 3}, "/v1/x", NOW
    )
    assert told.member_id == "mem_1"
    assert said(told)["data"] == {
        "member_id": "mem_1",
        "register_version": 3,
        "url": "https://suite.example/v1/x",
    }


def test_a_timestamp_is_utc_whatever_zone_it_comes_in() -> None:
    """Finding F19."""
    in_shanghai = NOW.astimezone(timezone(timedelta(hours=8)))
    told = verification("whm_1", "mem_1", "whe_1", "c", in_shanghai)
    assert said(told)["timestamp"] == "2026-03-10T04:00:00Z"
    precise = datetime(2026, 3, 10, 4, 0, 0, 537120, tzinfo=UTC)
    told = verification("whm_1", "mem_1", "whe_1", "c", precise)
    assert said(told)["timestamp"] == "2026-03-10T04:00:00.537120Z"


def test_a_test_event_says_so_and_nothing_else_does() -> None:
    """Edge case 19: "Test events are marked and carry no real data"."""
    told = message.test_event("whm_1", "whe_1", WebhookType.MEMBER_ENDED, {"member_id": "0"}, NOW)
    assert said(told)["test"] is True
    assert said(told)["data"] == {"member_id": "0", "url": "https://suite.example/docs/events"}
    assert "test" not in said(CHECK)


def test_the_same_message_is_the_same_bytes_in_every_attempt() -> None:
    assert CHECK.body(HOST) == CHECK.body(HOST)
    assert b" " not in CHECK.body(HOST)


def test_the_owner_sees_the_body_without_the_challenge() -> None:
    shown = CHECK.shown_body(HOST)
    assert "the-challenge" not in shown
    assert json.loads(shown)["data"]["challenge"] == "…"
    affair = message_of_affair("whm_1", WebhookType.MEMBER_ENDED, "mem_1", {}, "/v1/x", NOW)
    assert affair.shown_body(HOST).encode() == affair.body(HOST)


@pytest.mark.parametrize(
    ("body", "is_echo"),
    [
        (b"the-challenge", True),
        (b"  the-challenge\r\n", True),
        (b'{"challenge": "the-challenge"}', True),
        (b'{"challenge": "the-challenge", "ok": true}', True),
        (b"", False),
        (b"the-challenge and more", False),
        (b'{"challenge": "another"}', False),
        (b'{"data": {"challenge": "the-challenge"}}', False),
        (b'["the-challenge"]', False),
        (b'"the-challenge"', False),
        (b'{"challenge": "the-challenge"', False),
        (b"\xff\xfe", False),
        (b"[" * 100_000, False),
    ],
)
def test_a_challenge_is_given_back_alone_or_under_its_name(body: bytes, *, is_echo: bool) -> None:
    """A receiver that only repeats all it gets (a debugging page) has shown nothing."""
    assert echoes(body, "the-challenge") is is_echo


def test_a_check_that_is_answered_without_its_challenge_is_unconfirmed() -> None:
    assert CHECK.judged(Answer.of(204)).outcome is AttemptOutcome.UNCONFIRMED
    echoed = Answer.of(200, body=b"the-challenge")
    assert CHECK.judged(echoed) is echoed
    failed = Answer.of(500, body=b"the-challenge")
    assert CHECK.judged(failed) is failed


def test_any_other_message_is_delivered_by_any_2xx() -> None:
    affair = message_of_affair("whm_1", WebhookType.MEMBER_ENDED, "mem_1", {}, "/v1/x", NOW)
    assert affair.judged(Answer.of(204)).outcome is AttemptOutcome.DELIVERED


def test_an_address_that_has_not_shown_whose_it_is_gets_three_requests_at_most() -> None:
    assert CHECK.schedule is CHECK_SCHEDULE
    assert len(CHECK.schedule) + 1 == 3
