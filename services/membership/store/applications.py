"""Applications, and the one live application or membership of each legal entity."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from services.membership.domain.application import (
    Application,
    ApplicationKind,
    EntrustedMandate,
    LiveEntry,
    RefusalGround,
)
from services.membership.domain.particulars import Particulars, Sector
from services.membership.store.tables import applications, live_entities, periods
from shared.db.work import Work
from shared.kernel.actor import Subject
from shared.kernel.errors import NotFound
from shared.kernel.rulebook import Basis


async def get_application(work: Work, application_id: str, *, lock: bool = False) -> Application:
    """The application, locked for this transaction if asked; refuses with ``NotFound``."""
    statement = select(applications).where(applications.c.id == application_id)
    row = (await work.db.execute(statement.with_for_update() if lock else statement)).first()
    if row is None:
        raise NotFound
    return application_from(row)


async def changed_at(work: Work, application_id: str) -> datetime | None:
    """When the application last changed."""
    return await work.db.scalar(
        select(applications.c.updated_at).where(applications.c.id == application_id)
    )


async def save_application(work: Work, application: Application) -> None:
    """Write the application."""
    row = _row(work, application)
    await work.db.execute(
        insert(applications)
        .values(row)
        .on_conflict_do_update(
            index_elements=[applications.c.id],
            set_={name: value for name, value in row.items() if name != "id"},
        )
    )


async def take_entity(work: Work, identifier: str, holder_id: str) -> LiveEntry | None:
    """Make ``holder_id`` the live entry of a legal entity; where one lives already, that one and who applied for it."""
    taken = await work.db.scalar(
        insert(live_entities)
        .values(identifier=identifier, holder_id=holder_id)
        .on_conflict_do_nothing()
        .returning(live_entities.c.holder_id)
    )
    if taken is not None:
        return None
    running = and_(periods.c.member_id == live_entities.c.holder_id, periods.c.ending_id.is_(None))
    row = (
        await work.db.execute(
            select(live_entities.c.holder_id, applications.c.applicant)
            .outerjoin(periods, running)
            .outerjoin(
                applications,
                applications.c.id
                == func.coalesce(periods.c.application_id, live_entities.c.holder_id),
            )
            .where(live_entities.c.identifier == identifier)
        )
    ).first()
    if row is None:  # let go of in between
        return await take_entity(work, identifier, holder_id)
    return LiveEntry(row.holder_id, row.applicant)


async def lock_entities(work: Work) -> None:
    """Wait for every application that is being submitted; until this transaction ends no other one is."""
    await work.db.execute(text("LOCK TABLE live_entities IN SHARE ROW EXCLUSIVE MODE"))


async def live_applications(
    work: Work, identifiers: Iterable[str], *, but: Iterable[str]
) -> list[Application]:
    """The live applications of these legal entities, locked; ``but`` names some to leave out."""
    rows = await work.db.execute(
        select(applications)
        .join(live_entities, live_entities.c.holder_id == applications.c.id)
        .where(
            live_entities.c.identifier == func.any(list(identifiers)),
            applications.c.id != func.all(list(but)),
        )
        .order_by(applications.c.id)
        .with_for_update(of=applications)
    )
    return [application_from(row) for row in rows]


async def hold_entities(work: Work, holders: Mapping[str, str]) -> None:
    """Make members (by identifier) the live entries of their legal entities, whoever held them before."""
    statement = insert(live_entities)
    await work.db.execute(
        statement.on_conflict_do_update(
            index_elements=[live_entities.c.identifier],
            set_={"holder_id": statement.excluded.holder_id},
        ),
        [{"identifier": identifier, "holder_id": id} for identifier, id in sorted(holders.items())],
    )


async def release_entity(work: Work, identifier: str, holder_id: str) -> None:
    """``holder_id`` is no longer the live entry of a legal entity: it may apply again."""
    await work.db.execute(
        delete(live_entities).where(
            live_entities.c.identifier == identifier, live_entities.c.holder_id == holder_id
        )
    )


def application_from(row: Row[Any]) -> Application:
    """The application in a row of its table."""
    return Application(
        id=row.id,
        kind=ApplicationKind(row.kind),
        applicant=row.applicant,
        identifier=row.identifier,
        particulars=_particulars(row.particulars),
        legal_representative_subject=row.legal_representative_subject,
        accepts_rules=row.accepts_rules,
        entrusted=[_mandate(kept) for kept in row.entrusted],
        member_id=row.member_id,
        cancellation_deciders=frozenset(Subject.parse(s) for s in row.cancellation_deciders),
        submitted_at=row.submitted_at,
        review_due_on=row.review_due_on,
        review_basis=Basis(**row.review_rule),
        status=row.status,
        missing=tuple(row.missing),
        ground=row.ground and RefusalGround(row.ground),
        reasons=row.reasons,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        signed_at=row.signed_at,
        signed_by=row.signed_by,
        retracted_at=row.retracted_at,
        version=row.version,
    )


def _row(work: Work, application: Application) -> dict[str, Any]:
    basis = application.review_basis
    return {
        "id": application.id,
        "kind": application.kind.value,
        "status": application.status,
        "applicant": application.applicant,
        "identifier": application.identifier,
        "particulars": _kept_particulars(application.particulars),
        "legal_representative_subject": application.legal_representative_subject,
        "accepts_rules": application.accepts_rules,
        "entrusted": [_kept_mandate(mandate) for mandate in application.entrusted],
        "member_id": application.member_id,
        "cancellation_deciders": sorted(str(s) for s in application.cancellation_deciders),
        "submitted_at": application.submitted_at,
        "review_due_on": application.review_due_on,
        "review_rule": {
            "rule": basis.rule,
            "article": basis.article,
            "rulebook_version": basis.rulebook_version,
        },
        "missing": list(application.missing),
        "ground": application.ground and application.ground.value,
        "reasons": application.reasons,
        "decided_at": application.decided_at,
        "decided_by": application.decided_by,
        "signed_at": application.signed_at,
        "signed_by": application.signed_by,
        "retracted_at": application.retracted_at,
        "version": application.version,
        "updated_at": work.now,
    }


def _kept_particulars(particulars: Particulars) -> dict[str, Any]:
    return {
        "legal_name_zh": particulars.legal_name_zh,
        "legal_name_en": particulars.legal_name_en,
        "sectors": [sector.value for sector in particulars.sectors],
        "legal_representative": particulars.legal_representative,
        "contact_email": particulars.contact_email,
        "contact_phone": particulars.contact_phone,
        "group": particulars.group,
        "unreachable": particulars.unreachable,
    }


def _particulars(kept: dict[str, Any]) -> Particulars:
    return Particulars(**{**kept, "sectors": tuple(Sector(sector) for sector in kept["sectors"])})


def _kept_mandate(mandate: EntrustedMandate) -> dict[str, Any]:
    return {
        "name": mandate.name,
        "subject": str(mandate.subject),
        "valid_from": mandate.valid_from.isoformat(),
        "valid_until": mandate.valid_until and mandate.valid_until.isoformat(),
    }


def _mandate(kept: dict[str, Any]) -> EntrustedMandate:
    until = kept["valid_until"]
    return EntrustedMandate(
        kept["name"],
        Subject.parse(kept["subject"]),
        datetime.fromisoformat(kept["valid_from"]),
        until and datetime.fromisoformat(until),
    )
