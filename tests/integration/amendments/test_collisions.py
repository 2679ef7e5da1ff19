"""Two ballots on one provision, both on real rolls: the first that is promulgated takes the base from the other (A4, A6)."""

import asyncio

import pytest

from services.amendments.domain.ballot import RollPurpose
from shared.kernel.actor import Role
from tests.integration.amendments import polling
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import established, record, votes
from tests.integration.amendments.proposing import (
    Json,
    a_draft,
    as_json,
    code_of,
    if_match,
    path_of,
    promulgate,
    propose,
    read,
    replacing,
)


async def both_open(house: House, *proposals: Json) -> list[Json]:
    """A ballot on each of the proposals, open at the same time."""
    called = [await polling.called(house, proposal) for proposal in proposals]
    await polling.at(house, called[-1]["notice_ends_at"])
    assert await house.run_timer("end_due_notices") == len(called)
    for ballot in called:
        await polling.certify(house, ballot, RollPurpose.OPENING)
    return [await polling.read(house, ballot) for ballot in called]


async def test_two_proposals_on_one_provision_are_both_voted_and_the_second_comes_back(
    convened: House,
) -> None:
    """Edge case 17: "Two proposals on the same provision: collision shown at drafting; both may be voted; the second
    adopted needs its base to match, otherwise promulgation is refused and it returns for rebase and a fresh ballot".
    Edge case 18: "Base text changes while a ballot runs: ballot finishes on its base; see 17".
    """
    units = await convened.members(6)
    first = await propose(convened.secretary, a_draft(replacing("art_5", "第一种条文。")))
    second = await propose(convened.secretary, a_draft(replacing("art_5", "第二种条文。")))
    (collision,) = (await convened.secretary.get(f"{path_of(second)}/collisions"))["items"]
    assert (collision["proposal"]["id"], collision["touched_by_both"]) == (first["id"], ["art_5"])
    one, two = await both_open(convened, first, second)
    for ballot in (one, two):
        await votes(convened, ballot, units)
    day = polling.moment(two["closes_at"]).astimezone().date()
    shown = await convened.ballot_officer.post(
        f"{polling.path_of(two)}/extension",
        {"closes_on": str(day.replace(year=day.year + 1)), "reason": "另一表决先行。"},
        headers=if_match(two),
    )
    assert (await established(convened, one))["outcome"] == "adopted"
    assert (await promulgate(convened, first)).status_code == 201
    assert (await polling.read(convened, two))["status"] == "open"
    assert (await polling.vote(convened, two, units[0], "against")).status_code == 200
    done = await established(convened, shown)
    assert (done["outcome"], done["base_version"]) == ("adopted", 1)
    assert (await record(convened, two))["opening"]["question"]["base_version"] == 1
    refused = await promulgate(convened, second)
    assert code_of(refused) == (409, "base_no_longer_matches")
    seen = await read(convened.secretary, second)
    assert seen["needs_rebase"]
    rebased = await convened.secretary.post(f"{path_of(second)}/rebase", {}, headers=if_match(seen))
    assert (rebased["status"], rebased["base_version"]) == ("supported", 2)
    assert code_of(await promulgate(convened, second)) == (409, "not_allowed_now")
    again = await polling.opened(convened, rebased)
    assert (again["id"] != two["id"], again["base_version"]) == (True, 2)
    await votes(convened, again, units)
    assert (await established(convened, again))["outcome"] == "adopted"
    made = await promulgate(convened, second)
    assert (made.status_code, as_json(made)["convention_version"]) == (201, 3)


@pytest.mark.parametrize("secretaries", [2, 8])
async def test_secretaries_that_promulgate_at_once_make_one_version(
    convened: House, secretaries: int
) -> None:
    """P40, A6: "in force at once"; whoever comes second is told that it is done."""
    units = await convened.members(3)
    proposal = await propose(convened.secretary)
    ballot = await polling.opened(convened, proposal)
    await votes(convened, ballot, units)
    await established(convened, ballot)
    answers = await asyncio.gather(
        *(
            convened.app.as_(f"secretary {n}", Role.SECRETARY).ask(
                "POST", "/v1/promulgations", {"proposal_id": proposal["id"]}
            )
            for n in range(secretaries)
        )
    )
    assert sorted(a.status_code for a in answers) == [201] + [409] * (secretaries - 1)
    assert len((await convened.public.get("/v1/convention/versions"))["items"]) == 2
