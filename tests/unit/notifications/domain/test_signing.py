"""The headers of a webhook, judged by the library of the Standard Webhooks specification (reliability 4.4)."""

import secrets
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from services.notifications.domain.signing import (
    SECRET_BYTES,
    shown_secret,
    signed_headers,
    webhook_id,
)

KEY = bytes(range(SECRET_BYTES))
ID = webhook_id("whm_1", "mem_1")


def machine_time() -> int:
    return int(datetime.now(UTC).timestamp())  # noqa: TID251 - the library compares with its own clock


def test_the_example_of_the_specification_is_signed_as_it_says() -> None:
    key = Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")._whsecret
    body = b'{"test": 2432232314}'
    headers = dict(signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, [key]))
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_the_library_accepts_whatever_is_sent_and_a_shown_secret_opens_it(text: str) -> None:
    body = text.encode()
    headers = dict(signed_headers(ID, machine_time(), body, [KEY]))
    Webhook(shown_secret(KEY)).verify(body, headers, json_parse=False)


def test_a_changed_body_id_or_time_is_refused() -> None:
    now = machine_time()
    headers = dict(signed_headers(ID, now, b"{}", [KEY]))
    library = Webhook(shown_secret(KEY))
    for body, changes in (
        (b"{ }", {}),
        (b"{}", {"webhook-id": "msg_other"}),
        (b"{}", {"webhook-timestamp": str(now + 1)}),
        (b"{}", {"webhook-timestamp": str(now - 3600)}),
    ):
        with pytest.raises(WebhookVerificationError):
            library.verify(body, headers | changes)


def test_every_secret_of_a_rotation_verifies_and_no_other() -> None:
    """Edge case 13."""
    keys = [secrets.token_bytes(SECRET_BYTES) for _ in range(3)]
    headers = dict(signed_headers(ID, machine_time(), b"{}", keys))
    assert headers["webhook-signature"].count("v1,") == 3
    for key in keys:
        Webhook(shown_secret(key)).verify(b"{}", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(shown_secret(KEY)).verify(b"{}", headers)


def test_an_id_is_one_for_a_message_and_a_member_and_has_no_dots() -> None:
    """Edge case 6: "same id on every attempt"."""
    assert webhook_id("whm_1", "mem_1") == ID
    assert len({ID, webhook_id("whm_1", "mem_2"), webhook_id("whm_2", "mem_1")}) == 3
    assert ID.startswith("msg_")
    assert "." not in ID


def test_a_secret_is_shown_with_its_prefix() -> None:
    assert shown_secret(KEY).startswith("whsec_")
    assert Webhook(shown_secret(KEY))._whsecret == KEY
