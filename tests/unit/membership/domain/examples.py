"""The people, units and moments that the tests of membership's domain speak of."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.membership.domain.application import Application, EntrustedMandate
from services.membership.domain.mandate import Appointment, MandateKind
from services.membership.domain.member import Member
from services.membership.domain.particulars import Particulars
from services.membership.domain.period import AccessionBasis, Cancellation, Moment
from shared.kernel.actor import Scope, Subject
from shared.kernel.rulebook import REFERENCE_RULEBOOK
from shared.kernel.terms import Term

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
TODAY = date(2026, 3, 10)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AT_ONCE = Term()

IDENTIFIER = "91110000600037341L"
ANOTHER_IDENTIFIER = "91110108QTY458N227"

ISSUER = "https://issuer.example"


def person(name: str) -> Subject:
    """The token subject of a person."""
    return Subject(ISSUER, name)


APPLICANT = person("applicant")
CHAIR = person("chair")
DEPUTY = person("deputy")
STRANGER = person("stranger")
REGISTRAR = person("registrar")
OTHER_REGISTRAR = person("other registrar")
DECIDERS = frozenset({REGISTRAR, person("case officer")})

EVERYTHING = frozenset({Scope.ALL})

PARTICULARS = Particulars.checked(
    legal_name_zh="北京示例网络有限公司",
    legal_name_en="Beijing Example Network Co., Ltd.",
    sectors=["access_service"],
    legal_representative="张三",
    contact_email="office@unit.example",
)


def moment(now: datetime = NOW, register_version: int = 1) -> Moment:
    """A moment in the organ's zone, Shanghai."""
    return Moment(now, SHANGHAI, register_version)


def application(
    *,
    accepts_rules: bool = True,
    entrusted: tuple[EntrustedMandate, ...] = (),
    former: Member | None = None,
    now: datetime = NOW,
) -> Application:
    """An application as submitted."""
    return Application.submit(
        "app_1",
        applicant=APPLICANT,
        identifier=IDENTIFIER,
        particulars=PARTICULARS,
        legal_representative_subject=CHAIR,
        accepts_rules=accepts_rules,
        entrusted=entrusted,
        former=former,
        rulebook=REFERENCE_RULEBOOK,
        now=now,
        zone=SHANGHAI,
    )


def approved_application(*, entrusted: tuple[EntrustedMandate, ...] = ()) -> Application:
    """An application that waits for a signature."""
    approved = application(entrusted=entrusted)
    approved.approve(REGISTRAR, NOW)
    return approved


def member(now: datetime = NOW) -> Member:
    """A unit that has just acceded; its chair is the legal representative."""
    unit = Member("mem_1", IDENTIFIER)
    unit.accede("per_1", AccessionBasis.APPLICATION, moment(now), application_id="app_1")
    unit.claim("rep_chair", CHAIR, "张三", now)
    return unit


def another_member(now: datetime = NOW) -> Member:
    """Another unit that is a member."""
    unit = Member("mem_2", ANOTHER_IDENTIFIER)
    unit.accede("per_x", AccessionBasis.APPLICATION, moment(now))
    return unit


def entrusting(
    subject: Subject = DEPUTY,
    *scopes: Scope,
    valid_from: datetime = NOW,
    valid_until: datetime | None = None,
    kind: MandateKind = MandateKind.ENTRUSTED,
) -> Appointment:
    """An appointment; for circulars where no scope is named."""
    granted = frozenset(scopes or {Scope.CIRCULARS})
    return Appointment(kind, subject, "李四", granted, valid_from, valid_until)


def cancellation(case_id: str = "cas_1", effective_at: datetime = NOW) -> Cancellation:
    """A cancellation decided in a case."""
    return Cancellation(case_id, "2026-V-014", effective_at, DECIDERS)
