"""How members are told of the text of the convention, its interpretation and annexes (A6-A8, Art. 26, 27, 29, 30)."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from services.notifications.domain.announcement import Announcement, counted
from services.notifications.domain.notice import NoticeCategory, NoticeKind, in_chinese
from services.notifications.domain.numbering import (
    NumberClass,
    annex_number,
    interpretation_number,
)
from shared.kernel.text import Text


class Occasion(StrEnum):
    """Why a version was published."""

    IMPORT = "import"
    FOUNDING = "founding"
    AMENDMENT = "amendment"


_OCCURRED = {
    Occasion.IMPORT: Text("公约文本已载入", "The text of the convention was imported"),
    Occasion.FOUNDING: Text("公约生效公布", "The convention is valid"),
    Occasion.AMENDMENT: Text("公约修改公布", "The convention was amended"),
}


def promulgated(
    convention_id: str,
    *,
    version: int,
    occasion: Occasion,
    valid_on: date,
    in_force_on: date,
    changed: int,
    rulebook_version: int,
) -> Announcement:
    """A version was published. What is imported was promulgated elsewhere before, perhaps to nobody here: no number."""
    is_imported = occasion is Occasion.IMPORT
    title = _OCCURRED[occasion]
    zh = f"{in_chinese(valid_on)}生效，{in_chinese(in_force_on)}起施行"
    en = f"Valid from {valid_on}, in force from {in_force_on}"
    if occasion is Occasion.AMENDMENT:
        zh = f"{zh}；修改{changed}项条款"
        en = f"{en}; {counted(changed, 'provision', 'provisions')} changed"
    return Announcement(
        kind=NoticeKind.CONVENTION_PROMULGATED,
        about_id=convention_id,
        occasion=str(version),
        category=NoticeCategory.CONVENTION,
        number_class=None if is_imported else NumberClass.PROMULGATION,
        title=Text(f"{title.zh}：第{version}版", f"{title.en}: version {version}"),
        body=Text(
            f"{zh}；适用规则第{rulebook_version}版。",
            f"{en}; rulebook version {rulebook_version} goes with it.",
        ),
        link=f"/v1/convention?version={version}",
        waits_for=0 if is_imported else 1,
    )


def corrected(
    convention_id: str,
    *,
    number: int,
    provision: str,
    is_translation: bool,
    versions: Sequence[int],
) -> Announcement:
    """A wording was mended without an amendment; both wordings stand in the register of corrections."""
    zh = "译文修订" if is_translation else "文字勘误"
    en = "The translation was corrected" if is_translation else "A typing error was mended"
    listed = [str(version) for version in versions]
    return Announcement(
        kind=NoticeKind.CONVENTION_CORRECTED,
        about_id=convention_id,
        occasion=f"correction {number}",
        category=NoticeCategory.CONVENTION,
        title=Text(f"公约{zh}：条款{provision}", f"{en}: provision {provision}"),
        body=Text(
            f"{zh}第{number}号，涉及公约第{'、'.join(listed)}版；条文含义不变，更正前后的文字均可查阅。",
            f"Correction no. {number}, of version {', '.join(listed)}; the meaning is what it was. Both wordings are on record.",
        ),
        link="/v1/convention/corrections",
    )


def interpretation_issued(
    interpretation_id: str,
    *,
    number: int,
    provision: str,
    convention_version: int,
    effective_on: date,
    takes_place_of_another: bool,
    in_own_case: bool,
) -> Announcement:
    """The organ interpreted a provision, perhaps in a case of its own (edge case 26 of amendments)."""
    zh = f"解释公约第{convention_version}版条款{provision}，{in_chinese(effective_on)}起适用（第30条）。"
    en = (
        f"It interprets provision {provision} as in version {convention_version},"
        f" from {effective_on} on (Art. 30)."
    )
    if takes_place_of_another:
        zh, en = f"{zh}取代此前的解释。", f"{en} It takes the place of an earlier one."
    if in_own_case:
        zh, en = (
            f"{zh}执行机构系就本机构事项作出解释。",
            f"{en} The organ interprets in its own case.",
        )
    return Announcement(
        kind=NoticeKind.INTERPRETATION_ISSUED,
        about_id=interpretation_id,
        category=NoticeCategory.CONVENTION,
        number=interpretation_number(number),
        title=Text(f"公约解释第{number}号", f"Interpretation no. {number}"),
        body=Text(zh, en),
        link=f"/v1/interpretations/{interpretation_id}",
        waits_for=0,
    )


def interpretation_superseded(
    interpretation_id: str, *, number: int, provision: str
) -> Announcement:
    """A later interpretation took the place of this one. The number was told when it was issued."""
    return Announcement(
        kind=NoticeKind.INTERPRETATION_SUPERSEDED,
        about_id=interpretation_id,
        category=NoticeCategory.CONVENTION,
        title=Text(f"公约解释第{number}号已被取代", f"Interpretation no. {number} is superseded"),
        body=Text(
            f"条款{provision}另有后来的解释；原解释仍存档备查（第30条）。",
            f"A later one interprets provision {provision}; this one stays on record (Art. 30).",
        ),
        link=f"/v1/interpretations/{interpretation_id}",
        waits_for=0,
    )


def annex_adopted(
    annex_id: str, *, number: int, provision: str, convention_version: int, trial_until: date | None
) -> Announcement:
    """The members consented to the agreement of a branch (Art. 29)."""
    zh = f"经公约成员单位同意，作为公约第{convention_version}版条款{provision}的附件（第29条）。"
    en = (
        f"The members consented to it: it is an annex to provision {provision} of version"
        f" {convention_version} (Art. 29)."
    )
    if trial_until is not None:
        zh = f"{zh}试行至{in_chinese(trial_until)}。"
        en = f"{en} It is on trial until {trial_until}."
    return Announcement(
        kind=NoticeKind.ANNEX_ADOPTED,
        about_id=annex_id,
        category=NoticeCategory.CONVENTION,
        number=annex_number(number),
        title=Text(f"公约附件第{number}号通过", f"Annex no. {number} was adopted"),
        body=Text(zh, en),
        link=f"/v1/annexes/{annex_id}",
    )
