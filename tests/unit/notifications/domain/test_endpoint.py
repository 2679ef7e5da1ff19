"""Endpoints: when they are told, how their owner is checked, and which secrets sign (N4; edge case 13)."""

import random
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.endpoint import (
    CHECKS_AN_HOUR,
    ENDPOINTS_A_MEMBER,
    FILTERS,
    FORMER_SECRETS,
    OVERLAP,
    Check,
    DisabledReason,
    Endpoint,
    Secret,
    filters_matching,
    refuse_one_more,
    refuse_too_many_checks,
    rotated,
)
from services.notifications.domain.errors import ChecksTooOften, EventTypeUnknown, TooManyEndpoints
from services.notifications.domain.lifecycle import EndpointStatus
from services.notifications.domain.message import CHOSEN, WebhookType
from shared.kernel.errors import Refusal
from shared.kernel.lifecycle import NotAllowedNow
from tests.unit.notifications.domain.examples import HOUR, NOW

URL = "https://hooks.unit.example/"
MINUTE = timedelta(minutes=1)


def registered(*event_types: str) -> Endpoint:
    return Endpoint.register("whe_1", "mem_1", URL, "", event_types, "first", NOW)


def active() -> Endpoint:
    endpoint = registered()
    endpoint.verify("first", NOW)
    return endpoint


def disabled() -> Endpoint:
    endpoint = active()
    endpoint.lose_receiver(URL, NOW)
    return endpoint


def retired() -> Endpoint:
    endpoint = active()
    endpoint.retire(NOW)
    return endpoint


STATES: dict[EndpointStatus, Callable[[], Endpoint]] = {
    EndpointStatus.UNVERIFIED: registered,
    EndpointStatus.ACTIVE: active,
    EndpointStatus.DISABLED: disabled,
    EndpointStatus.RETIRED: retired,
}


def test_a_new_endpoint_waits_for_its_ownership_check() -> None:
    endpoint = registered()
    assert (endpoint.status, endpoint.check, endpoint.verified_at) == (
        EndpointStatus.UNVERIFIED,
        Check.RUNNING,
        None,
    )


def test_whoever_echoes_the_challenge_is_told_from_then_on() -> None:
    endpoint = registered()
    endpoint.verify("first", NOW + HOUR)
    assert (endpoint.status, endpoint.check, endpoint.challenge) == (
        EndpointStatus.ACTIVE,
        None,
        None,
    )
    assert (endpoint.verified_at, endpoint.version) == (NOW + HOUR, 2)


def test_an_echo_of_an_earlier_challenge_counts_for_nothing() -> None:
    endpoint = registered()
    endpoint.enable("second", NOW)
    before = deepcopy(endpoint)
    endpoint.verify("first", NOW)
    endpoint.fail_check("first", NOW)
    assert endpoint == before
    endpoint.verify("second", NOW)
    assert endpoint.status is EndpointStatus.ACTIVE


def test_a_failed_check_leaves_it_unverified_until_it_is_enabled_with_a_fresh_one() -> None:
    endpoint = registered()
    endpoint.fail_check("first", NOW)
    assert (endpoint.status, endpoint.check) == (EndpointStatus.UNVERIFIED, Check.FAILED)
    endpoint.enable("second", NOW)
    assert (endpoint.challenge, endpoint.check) == ("second", Check.RUNNING)


def test_another_address_is_checked_like_a_new_one() -> None:
    for state in (registered, active, disabled):
        endpoint = state()
        endpoint.move("https://elsewhere.example/", "second", NOW)
        assert (endpoint.status, endpoint.challenge, endpoint.verified_at) == (
            EndpointStatus.UNVERIFIED,
            "second",
            None,
        )


def test_whoever_was_verified_once_is_entitled_wherever_it_moves_until_it_is_disabled() -> None:
    """Edge case 15: "only what the unit was entitled to then"; a break begins with a 410 and ends with the next check."""
    assert not registered().is_entitled
    endpoint = active()
    endpoint.move("https://elsewhere.example/", "second", NOW + HOUR)
    assert (endpoint.is_entitled, endpoint.entitled_since) == (True, NOW)
    endpoint.verify("second", NOW + 2 * HOUR)
    assert (endpoint.verified_at, endpoint.entitled_since) == (NOW + 2 * HOUR, NOW)
    endpoint.lose_receiver(endpoint.url, NOW + 3 * HOUR)
    assert not endpoint.is_entitled
    endpoint.enable("third", NOW + 4 * HOUR)
    assert (endpoint.is_entitled, endpoint.entitled_since) == (True, NOW + 4 * HOUR)
    endpoint.retire(NOW + 5 * HOUR)
    assert not endpoint.is_entitled
    for never_verified in (registered(), registered()):
        never_verified.lose_receiver(never_verified.url, NOW)
        never_verified.enable("second", NOW)
        assert not never_verified.is_entitled


def test_a_receiver_that_is_gone_disables_it_and_only_a_fresh_check_undoes_that() -> None:
    """Edge case 5: "410 disables the endpoint, not the notice"."""
    endpoint = disabled()
    assert (endpoint.status, endpoint.disabled_reason, endpoint.verified_at) == (
        EndpointStatus.DISABLED,
        DisabledReason.GONE,
        None,
    )
    endpoint.verify("first", NOW)
    assert endpoint.status is EndpointStatus.DISABLED
    endpoint.enable("second", NOW)
    assert (endpoint.status, endpoint.disabled_reason) == (EndpointStatus.UNVERIFIED, None)


def test_what_an_address_says_that_was_left_concerns_nobody() -> None:
    endpoint = active()
    endpoint.move(f"{URL}new", "second", NOW)
    once = deepcopy(endpoint)
    assert not endpoint.lose_receiver(URL, NOW)
    assert endpoint == once
    assert endpoint.lose_receiver(f"{URL}new", NOW)
    assert endpoint.disabled_reason is DisabledReason.GONE


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_a_unit_that_left_is_told_nothing_more_whatever_its_endpoint_was(
    state: Callable[[], Endpoint],
) -> None:
    """Edge case 3: "endpoints stop"."""
    endpoint = state()
    endpoint.retire(NOW)
    once = deepcopy(endpoint)
    endpoint.retire(NOW)
    endpoint.lose_receiver(URL, NOW)
    endpoint.verify("first", NOW)
    assert endpoint == once
    assert (endpoint.status, endpoint.allowed_actions) == (EndpointStatus.RETIRED, [])
    assert (endpoint.challenge, endpoint.check, endpoint.disabled_reason) == (None, None, None)


@pytest.mark.parametrize("status", STATES, ids=str)
def test_what_is_not_offered_is_refused_and_changes_nothing(status: EndpointStatus) -> None:
    acts: dict[str, Callable[[Endpoint], None]] = {
        "change": lambda e: e.change(NOW, description="x", event_types=None),
        "secret-rotation": lambda e: e.rotate_secret(NOW),
        "test-event": lambda e: e.check_may_be_tested(WebhookType.MEMBER_ENDED),
        "enabling": lambda e: e.enable("another", NOW),
    }
    for name, act in acts.items():
        endpoint = STATES[status]()
        before = deepcopy(endpoint)
        if name in endpoint.allowed_actions:
            act(endpoint)
        else:
            with pytest.raises(NotAllowedNow):
                act(endpoint)
            assert endpoint == before


def test_a_filter_lets_through_a_type_or_all_types_below_a_prefix() -> None:
    assert filters_matching("membership.member.ended.v1") == (
        "membership.member.ended.v1",
        "membership.*",
        "membership.member.*",
        "membership.member.ended.*",
    )
    assert {f for f in FILTERS if not f.endswith("*")} == CHOSEN


@pytest.mark.parametrize(
    "unknown",
    [
        "*",
        "membership",
        "membership.",
        "member*",
        "cases.*",
        "membership.*.v1",
        "membership.member.ended.v2",
        "Membership.*",
        WebhookType.VERIFICATION_REQUESTED,
        "notifications.endpoint.*",
    ],
)
def test_a_filter_that_no_event_matches_is_refused_and_changes_nothing(unknown: str) -> None:
    endpoint = active()
    before = deepcopy(endpoint)
    with pytest.raises(EventTypeUnknown) as refused:
        endpoint.change(NOW, description="x", event_types=["membership.*", unknown])
    assert refused.value.facts == {"pointers": ["/event_types/1"]}
    assert endpoint == before
    with pytest.raises(EventTypeUnknown):
        registered(unknown)


def test_a_filter_named_twice_is_there_once() -> None:
    assert registered("membership.*", "membership.*").event_types == ("membership.*",)


def test_the_ownership_check_is_no_test_event() -> None:
    with pytest.raises(EventTypeUnknown) as refused:
        active().check_may_be_tested(WebhookType.VERIFICATION_REQUESTED)
    assert refused.value.facts == {"pointers": ["/type"]}


def test_an_eleventh_endpoint_is_refused() -> None:
    refuse_one_more(ENDPOINTS_A_MEMBER - 1)
    with pytest.raises(TooManyEndpoints) as refused:
        refuse_one_more(ENDPOINTS_A_MEMBER)
    assert refused.value.facts == {"most": 10}


def test_a_sixth_check_within_the_hour_waits_until_the_first_one_is_an_hour_old() -> None:
    """Reliability 4.5: "≤ 5 checks per hour and unit"."""
    asked = [NOW - 50 * MINUTE + n * MINUTE for n in range(CHECKS_AN_HOUR)]
    refuse_too_many_checks(asked[1:], NOW)
    with pytest.raises(ChecksTooOften) as refused:
        refuse_too_many_checks(asked, NOW)
    assert refused.value.retry_after == 600
    with pytest.raises(ChecksTooOften) as refused:
        refuse_too_many_checks([NOW - 55 * MINUTE, *asked], NOW)
    assert refused.value.retry_after == 600


SOME_SECRETS = [Secret(b"new"), Secret(b"old", NOW + 5 * HOUR), Secret(b"older", NOW + HOUR)]


def test_the_replaced_secret_signs_along_for_a_day() -> None:
    """Edge case 13: "both signatures during rotation; old secret refused after the window"."""
    assert rotated([Secret(b"a")], b"b", NOW, compromised=False) == [
        Secret(b"b"),
        Secret(b"a", NOW + OVERLAP),
    ]


def test_a_compromised_secret_and_all_before_it_sign_no_more() -> None:
    assert rotated(SOME_SECRETS, b"b", NOW, compromised=True) == [Secret(b"b")]


def test_at_most_two_former_secrets_sign_along_and_none_longer_than_it_would_have() -> None:
    assert rotated(SOME_SECRETS, b"b", NOW, compromised=False) == [
        Secret(b"b"),
        Secret(b"new", NOW + OVERLAP),
        Secret(b"old", NOW + 5 * HOUR),
    ]


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(0, 2**32))
def test_after_any_rotations_the_newest_signs_and_no_former_one_outlives_its_day(
    pauses: list[int], seed: int
) -> None:
    draw, now, secrets = random.Random(seed), NOW, [Secret(b"0")]
    replaced = {}
    for count, pause in enumerate(pauses, 1):
        now += pause * HOUR
        replaced[secrets[0].key] = now
        secrets = rotated(secrets, str(count).encode(), now, compromised=draw.random() < 0.2)
        current, *former = secrets
        assert current == Secret(str(count).encode())
        assert len(former) <= FORMER_SECRETS
        assert all(s.until and now < s.until <= replaced[s.key] + OVERLAP for s in former)


def test_every_refusal_says_so_in_both_languages() -> None:
    for refusal in (ChecksTooOften, EventTypeUnknown, TooManyEndpoints):
        assert issubclass(refusal, Refusal)
        assert refusal.title.zh
        assert refusal.title.en
