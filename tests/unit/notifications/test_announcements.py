"""How each announcement of amendments reads as a notice: in both languages, numbers with what they rest on (N2, N7)."""

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.notifications.domain.announcement import Announcement
from services.notifications.domain.message import WebhookType
from services.notifications.domain.notice import (
    EVERY_MEMBER,
    AudienceKind,
    NoticeCategory,
    NoticeKind,
)
from services.notifications.domain.numbering import NumberClass
from services.notifications.reactions import announcement_of
from shared.contracts import amendments
from shared.contracts import amendments_ballots as ballots
from shared.contracts.base import Event
from tests.support.announcements import (
    ANNOUNCED,
    BALLOT,
    BASIS,
    CLOSES_AT,
    TO_ONE_UNIT,
    a_tally,
    announced,
)

ZONE = ZoneInfo("Asia/Shanghai")
UNIT = f"mem_{'1' * 32}"


def told(type_: type[Event], **changes: Any) -> Announcement:
    """What members are told of an announcement."""
    return announcement_of(announced(type_, UNIT, **changes), ZONE)


READS: dict[type[Event], tuple[str, str, str, str]] = {
    amendments.ProposalSubmitted: (
        "公约修改提案",
        "An amendment is proposed",
        "公约执行机构提出修改公约。以公约第2版为基础，涉及2项条款或规则。",
        "The organ proposes to amend the convention. It is based on version 2 and changes 2 provisions or rules.",
    ),
    amendments.ProposalSupportedEnough: (
        "公约修改提案已获足够附议",
        "A proposal has found enough support",
        "附议121家，全体成员1200家，需120家（第27条，规则第1版）。",
        "121 members support it; needed 120 of 1,200 (Art. 27, rulebook version 1).",
    ),
    amendments.ProposalRebased: (
        "公约修改提案改以最新版本为基础",
        "A proposal was put on the latest version",
        "公约已有新版本，提案随之调整。以公约第3版为基础，涉及1项条款或规则。征集附议至2026年6月1日止。",
        "The text has changed since. It is based on version 3 and changes 1 provision or rule."
        " Members may support it until the end of 2026-06-01.",
    ),
    amendments.ProposalDraftChanged: (
        "贵单位附议的提案草案已修改",
        "A proposal that your unit supports has another draft",
        "贵单位的附议针对原草案，不再计入。如同意新草案，可在2026年6月1日前（含当日）重新附议。",
        "Its support was for an earlier draft and does not count for this one. Your unit may support the new draft"
        " until the end of 2026-06-01.",
    ),
    amendments.ProposalRetracted: (
        "公约修改提案已撤回",
        "A proposal was withdrawn",
        "提议人在表决开始前撤回了提案。",
        "Its proposers withdrew it before its ballot opened.",
    ),
    amendments.ProposalLapsed: (
        "公约修改提案已失效",
        "A proposal has lapsed",
        "期限内未获足够附议（第27条，规则第1版）。",
        "It did not find enough support in its term (Art. 27, rulebook version 1).",
    ),
    amendments.ProposalPromulgationOverdue: (
        "公约修改逾期未公布",
        "An adopted amendment has not been promulgated",
        "应于2026年6月1日前（含当日）公布（第27条，规则第1版）；表决通过的效力不变。",
        "It was due by 2026-06-01 (Art. 27, rulebook version 1). The adoption stands.",
    ),
    ballots.BallotCalled: (
        "表决公告：提高修改公约的表决比例",
        "Ballot called: A higher majority for amendments",
        "就公约修改举行表决，预计2026年4月1日14:30开始，2026年5月2日00:00截止。"
        "通过所需票数依开始时的成员名册而定（第27条，规则第1版）。",
        "A ballot on an amendment is expected to open at 2026-04-01 14:30 (Asia/Shanghai) and to close at"
        " 2026-05-02 00:00 (Asia/Shanghai). What it needs follows from the roll at its opening"
        " (Art. 27, rulebook version 1).",
    ),
    ballots.BallotOpened: (
        "表决开始：提高修改公约的表决比例",
        "Ballot open: A higher majority for amendments",
        "名册上的单位可投票至2026年5月2日00:00。名册1200家，需800家赞成（第27条，规则第1版）。",
        "Units on the roll may vote until 2026-05-02 00:00 (Asia/Shanghai). Needed 800 of 1,200"
        " (Art. 27, rulebook version 1).",
    ),
    ballots.BallotExtended: (
        "表决延期：提高修改公约的表决比例",
        "Ballot extended: A higher majority for amendments",
        "所有单位可投票至2026年5月2日00:00。理由：停电",
        "All units may vote until 2026-05-02 00:00 (Asia/Shanghai). Reason: 停电",
    ),
    ballots.BallotClosed: (
        "表决截止：提高修改公约的表决比例",
        "Ballot closed: A higher majority for amendments",
        "不再接受投票；截止时的名册确认后公布结果。",
        "No vote is taken any more. The result follows when the roll as of the close is certified.",
    ),
    ballots.BallotCancelled: (
        "表决取消：提高修改公约的表决比例",
        "Ballot cancelled: A higher majority for amendments",
        "表决在开始前取消，理由见该表决。",
        "It was given up before it opened. Why is shown with the ballot.",
    ),
    ballots.BallotReminderDue: (
        "投票提醒",
        "Your unit has not voted",
        "贵单位尚未投票，可投票至2026年5月2日00:00。",
        "Your unit may vote until 2026-05-02 00:00 (Asia/Shanghai).",
    ),
    ballots.BallotVoteVoided: (
        "贵单位的投票无效",
        "A vote of your unit is void",
        "投票所凭代表资格已于2026年4月1日14:30终止，该票无效。此前的有效票仍然有效；截止前仍在名册上的单位可重新投票。",
        "It was cast under a mandate that had ended at 2026-04-01 14:30 (Asia/Shanghai). An earlier valid vote"
        " stands; until the close, a unit that is still on the roll may vote again.",
    ),
    ballots.BallotVoteReplaced: (
        "贵单位的投票已由另一代表更改",
        "Another representative of your unit voted",
        "一个单位一票，以最后一次有效投票为准。",
        "A unit has one vote: its last valid one counts.",
    ),
    ballots.BallotMemberCancelled: (
        "表决期间有成员资格被取消",
        "A membership was cancelled while a ballot runs",
        "该单位仍计入表决基数，已投的票仍计入正式计票（第23条、第27条）。",
        "The unit stays in the base, and a vote that it has cast stays counted (Art. 23, 27).",
    ),
    ballots.BallotResultEstablished: (
        "表决结果（通过）：提高修改公约的表决比例",
        "Result (adopted): A higher majority for amendments",
        "赞成820家，反对100家，弃权50家；名册1200家，需800家（第27条，规则第1版）。",
        "820 for, 100 against, 50 abstaining; needed 800 of 1,200 (Art. 27, rulebook version 1).",
    ),
    ballots.BallotDetermined: (
        "表决结果认定（未通过）：提高修改公约的表决比例",
        "Result determined (rejected): A higher majority for amendments",
        "表决结果依解释认定，所依解释见该表决（第30条）。",
        "The result was determined by an interpretation, which is shown with the ballot (Art. 30).",
    ),
    amendments.ConventionPromulgated: (
        "公约修改公布：第3版",
        "The convention was amended: version 3",
        "2026年5月2日生效，2026年7月1日起施行；修改1项条款；适用规则第2版。",
        "Valid from 2026-05-02, in force from 2026-07-01; 1 provision changed; rulebook version 2 goes with it.",
    ),
    amendments.ConventionCorrected: (
        "公约文字勘误：条款art_27",
        "A typing error was mended: provision art_27",
        "文字勘误第2号，涉及公约第2、3版；条文含义不变，更正前后的文字均可查阅。",
        "Correction no. 2, of version 2, 3; the meaning is what it was. Both wordings are on record.",
    ),
    amendments.InterpretationIssued: (
        "公约解释第7号",
        "Interpretation no. 7",
        "解释公约第3版条款art_27，2026年7月1日起适用（第30条）。",
        "It interprets provision art_27 as in version 3, from 2026-07-01 on (Art. 30).",
    ),
    amendments.InterpretationSuperseded: (
        "公约解释第6号已被取代",
        "Interpretation no. 6 is superseded",
        "条款art_27另有后来的解释；原解释仍存档备查（第30条）。",
        "A later one interprets provision art_27; this one stays on record (Art. 30).",
    ),
    amendments.AnnexAdopted: (
        "公约附件第1号通过",
        "Annex no. 1 was adopted",
        "经公约成员单位同意，作为公约第2版条款art_29的附件（第29条）。试行至2028年1月4日。",
        "The members consented to it: it is an annex to provision art_29 of version 2 (Art. 29)."
        " It is on trial until 2028-01-04.",
    ),
}


@pytest.mark.parametrize("type_", ANNOUNCED, ids=lambda type_: type_.type)
def test_a_notice_says_in_both_languages_what_happened(type_: type[Event]) -> None:
    """Edge case 18: "Chinese body authoritative, translation labelled"."""
    notice = told(type_)
    assert (*notice.title, *notice.body) == READS[type_]


@pytest.mark.parametrize("type_", ANNOUNCED, ids=lambda type_: type_.type)
def test_a_notice_leads_to_what_it_is_about_and_bears_its_announcements_name(
    type_: type[Event],
) -> None:
    event = announced(type_, UNIT)
    notice = announcement_of(event, ZONE)
    assert notice.about_id == event.aggregate_id
    assert WebhookType[notice.kind.name].value == type_.type
    assert re.fullmatch(
        r"/v1/(proposals|ballots|interpretations|annexes)/\w+|/v1/convention(\?version=3|/corrections)",
        notice.link,
    )


@pytest.mark.parametrize("type_", ANNOUNCED, ids=lambda type_: type_.type)
def test_only_what_concerns_one_unit_is_told_to_it_alone(type_: type[Event]) -> None:
    audience = told(type_).audience
    if type_ in TO_ONE_UNIT:
        assert (audience.kind, audience.member_ids) == (AudienceKind.MEMBERS, (UNIT,))
        assert told(type_).number_class is None
    else:
        assert audience == EVERY_MEMBER


def test_every_kind_of_notice_but_circulars_and_bulletins_is_announced_by_amendments() -> None:
    kinds = {told(type_).kind for type_ in ANNOUNCED}
    assert kinds == set(NoticeKind) - {NoticeKind.CIRCULAR, NoticeKind.BULLETIN}


def test_results_and_promulgations_are_counted_and_interpretations_and_annexes_bear_their_own() -> (
    None
):
    """Edge case 4: "gap-free per class (circular, result, register edition, promulgation)"."""
    counted = {type_: told(type_).number_class for type_ in ANNOUNCED}
    assert {type_: of for type_, of in counted.items() if of} == {
        ballots.BallotResultEstablished: NumberClass.RESULT,
        ballots.BallotDetermined: NumberClass.RESULT,
        amendments.ConventionPromulgated: NumberClass.PROMULGATION,
    }
    numbered: dict[type[Event], str] = {
        amendments.InterpretationIssued: "I-000007",
        amendments.AnnexAdopted: "A-000001",
    }
    assert {type_: told(type_).number for type_ in ANNOUNCED if told(type_).number} == numbered


def test_news_of_proposals_can_be_muted_and_a_late_promulgation_cannot() -> None:
    of = NoticeCategory
    assert {
        type_: told(type_).category for type_ in ANNOUNCED if type_.aggregate == "proposal"
    } == {
        amendments.ProposalSubmitted: of.PROPOSAL,
        amendments.ProposalSupportedEnough: of.PROPOSAL,
        amendments.ProposalRebased: of.PROPOSAL,
        amendments.ProposalDraftChanged: of.PROPOSAL,
        amendments.ProposalRetracted: of.PROPOSAL,
        amendments.ProposalLapsed: of.PROPOSAL,
        amendments.ProposalPromulgationOverdue: of.CONVENTION,
    }


@pytest.mark.parametrize(
    ("type_", "changes"),
    [
        (amendments.ProposalSupportedEnough, {"latched_at": CLOSES_AT}),
        (amendments.ProposalRebased, {"rebased_at": CLOSES_AT}),
        (amendments.ProposalDraftChanged, {"changed_at": CLOSES_AT}),
        (amendments.ProposalDraftChanged, {"supporters": [{"member_id": f"mem_{'2' * 32}"}]}),
        (ballots.BallotExtended, {"closes_at": CLOSES_AT + timedelta(days=7)}),
        (ballots.BallotReminderDue, {"non_voters": [{"member_id": f"mem_{'2' * 32}"}]}),
        (ballots.BallotVoteVoided, {"ended_at": CLOSES_AT}),
        (ballots.BallotVoteReplaced, {"acted_at": CLOSES_AT}),
        (ballots.BallotMemberCancelled, {"member_id": f"mem_{'2' * 32}"}),
        (amendments.ConventionPromulgated, {"version": 4}),
    ],
    ids=lambda value: getattr(value, "type", ""),
)
def test_what_happens_twice_to_the_same_thing_happens_on_two_occasions(
    type_: type[Event], changes: dict[str, Any]
) -> None:
    assert told(type_).occasion == told(type_).occasion
    assert told(type_, **changes).occasion != told(type_).occasion
    assert len(told(type_).occasion) <= 120


@pytest.mark.parametrize(
    "type_", [amendments.ProposalSupportedEnough, ballots.BallotOpened], ids=lambda t: t.type
)
def test_what_rests_on_a_register_version_waits_for_it(type_: type[Event]) -> None:
    assert told(type_, register_version=49).waits_for == 49


def test_members_who_propose_are_not_named() -> None:
    notice = told(amendments.ProposalSubmitted, proposer="coalition", first_supporter=UNIT)
    assert notice.body.zh.startswith("成员单位提出修改公约。")
    assert notice.body.en.startswith("A member proposes to amend the convention.")
    assert UNIT not in f"{notice.title} {notice.body}"


def test_a_unit_whose_membership_was_cancelled_is_not_named() -> None:
    notice = told(ballots.BallotMemberCancelled)
    assert UNIT not in f"{notice.title} {notice.body} {notice.link}"


def test_an_undetermined_result_is_told_with_all_three_tallies() -> None:
    """Edge case 9 of amendments: "needs determination"."""
    notice = told(
        ballots.BallotResultEstablished,
        outcome="undetermined",
        less_voluntary=a_tally(0, 0, None),
    )
    assert notice.title.zh == "表决结果（有待认定）：提高修改公约的表决比例"
    assert notice.title.en.startswith("Result (needs determination): ")
    assert notice.body.en == (
        "On the opening roll: 820 for, 100 against, 50 abstaining; needed 800 of 1,200 (Art. 27, rulebook version 1)."
        " On the closing roll: 815 for, 100 against, 50 abstaining; needed 794 of 1,190. Less those who left of their"
        " own will: 0 for, 100 against, 50 abstaining; no unit on the roll. As the tallies do not agree, nothing is"
        " promulgated before an interpretation or a new ballot."
    )
    assert notice.body.zh == (
        "开始时名册：赞成820家，反对100家，弃权50家；名册1200家，需800家（第27条，规则第1版）。"
        "截止时名册：赞成815家，反对100家，弃权50家；名册1190家，需794家。"
        "不计自愿退出者：赞成0家，反对100家，弃权50家；名册上没有单位。"
        "三种计票不一致，作出解释或重新表决前不予公布。"
    )


def test_a_question_that_is_not_translated_stands_in_chinese() -> None:
    notice = told(ballots.BallotClosed, ballot=BALLOT | {"question_en": None})
    assert notice.title.en == "Ballot closed: 提高修改公约的表决比例"


def test_a_ballot_on_a_branch_agreement_says_so() -> None:
    ballot = BALLOT | {"kind": "annex", "basis": BASIS | {"article": "29"}}
    notice = told(ballots.BallotCalled, ballot=ballot)
    assert notice.body.zh.startswith("就分支行业自律协议举行表决")
    assert notice.body.en.startswith("A ballot on a branch agreement ")
    assert "Art. 29, rulebook version 1" in notice.body.en


def test_an_interpretation_says_what_it_replaces_and_whose_case_it_is() -> None:
    """Edge case 26 of amendments: "organ interpreting in its own case is flagged"."""
    notice = told(amendments.InterpretationIssued, supersedes="itp_2", in_own_case=True)
    assert notice.body.zh.endswith("取代此前的解释。执行机构系就本机构事项作出解释。")
    assert notice.body.en.endswith(
        "It takes the place of an earlier one. The organ interprets in its own case."
    )


def test_another_translation_says_that_it_is_one() -> None:
    notice = told(amendments.ConventionCorrected, kind="translation", versions=[1])
    assert notice.title.zh == "公约译文修订：条款art_27"
    assert notice.body.en.startswith("Correction no. 2, of version 1;")


def test_an_annex_without_a_trial_says_nothing_of_one() -> None:
    notice = told(amendments.AnnexAdopted, trial_until=None)
    assert notice.body.en.endswith("of version 2 (Art. 29).")
    assert "试行" not in notice.body.zh


def test_the_founding_is_counted_and_an_import_is_not() -> None:
    """What is imported was promulgated elsewhere: nobody here could see a gap before it."""
    founding = told(amendments.ConventionPromulgated, occasion="founding", version=1)
    imported = told(amendments.ConventionPromulgated, occasion="import", version=1)
    assert founding.title == ("公约生效公布：第1版", "The convention is valid: version 1")
    assert imported.title == (
        "公约文本已载入：第1版",
        "The text of the convention was imported: version 1",
    )
    assert founding.body == (
        "2026年5月2日生效，2026年7月1日起施行；适用规则第2版。",
        "Valid from 2026-05-02, in force from 2026-07-01; rulebook version 2 goes with it.",
    )
    assert (founding.number_class, imported.number_class) == (NumberClass.PROMULGATION, None)
    assert (founding.waits_for, imported.waits_for) == (1, 0)


def test_the_instants_of_a_ballot_are_in_the_organs_zone_whatever_it_is() -> None:
    notice = announcement_of(announced(ballots.BallotReminderDue, UNIT), ZoneInfo("UTC"))
    assert notice.body.en == "Your unit may vote until 2026-05-01 16:00 (UTC)."
