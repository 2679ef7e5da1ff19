"""What the domain calls things is what travels in events."""

from enum import StrEnum
from typing import get_args

import pytest

from services.membership.domain.application import ApplicationKind, RefusalGround
from services.membership.domain.mandate import MandateKind
from services.membership.domain.particulars import Sector
from services.membership.domain.period import AccessionBasis, AnnulmentOutcome, Ending
from shared.contracts import cases
from shared.contracts import membership as contract
from shared.contracts.base import Event


@pytest.mark.parametrize(
    ("spoken", "travelling"),
    [
        (Sector, contract.Sector),
        (Ending, contract.Ending),
        (MandateKind, contract.MandateKind),
        (AccessionBasis, contract.AccessionBasis),
    ],
)
def test_an_enum_of_the_domain_has_the_values_of_its_contract(
    spoken: type[StrEnum], travelling: type[StrEnum]
) -> None:
    assert [each.value for each in spoken] == [each.value for each in travelling]


@pytest.mark.parametrize(
    ("spoken", "event", "field"),
    [
        (ApplicationKind, contract.ApplicationSubmitted, "kind"),
        (RefusalGround, contract.ApplicationRefused, "ground"),
        (AnnulmentOutcome, cases.MeasureAnnulled, "outcome"),
    ],
)
def test_an_enum_of_the_domain_has_the_values_that_its_event_allows(
    spoken: type[StrEnum], event: type[Event], field: str
) -> None:
    allowed = get_args(event.model_fields[field].annotation)
    assert [each.value for each in spoken] == list(allowed)
