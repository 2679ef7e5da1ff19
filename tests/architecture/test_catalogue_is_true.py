"""What the catalogue of events says is what the services declare, announce and react to."""

import ast
import re
from importlib import import_module

import pytest

from shared.contracts.base import Classification, Event
from shared.contracts.catalog import CATALOG, bindings_of, published_by
from shared.messaging.bus import topic_matches
from tests.architecture.house import ROOT, SERVICES, declared, room, tree_of

each_service = pytest.mark.parametrize("service", SERVICES)


def heard_by(service: str) -> set[type[Event]]:
    """The event classes that ``service`` listens to, as the catalogue has it."""
    return {entry.event for entry in CATALOG.values() if service in entry.listeners}


def constructed_by(service: str) -> set[str]:
    """The names of everything that the use cases of ``service`` call, or call a method of."""
    return {
        name
        for file in room(service, "usecases")
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Call)
        for name in ast.unparse(node.func).split(".")
    }


def test_a_publisher_is_present_where_its_service_is() -> None:
    present = {entry.publisher for entry in CATALOG.values() if entry.publisher_present}
    absent = {entry.publisher for entry in CATALOG.values() if not entry.publisher_present}
    assert present <= set(SERVICES)
    assert absent.isdisjoint(SERVICES)


def test_only_services_of_this_house_listen() -> None:
    assert set().union(*(entry.listeners for entry in CATALOG.values())) <= set(SERVICES)


@each_service
def test_a_service_publishes_what_the_catalogue_says(service: str) -> None:
    assert set(declared(service).publishes) == set(published_by(service))


@each_service
def test_a_declaration_writes_out_what_the_service_publishes(service: str) -> None:
    """Taken from the catalogue it would agree with the catalogue whatever either says."""
    nodes = list(ast.walk(tree_of(ROOT / "services" / service / "service.py")))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    written = {keyword.arg: keyword.value for call in calls for keyword in call.keywords}
    constants = {
        ast.unparse(node.target): node.value for node in nodes if isinstance(node, ast.AnnAssign)
    }
    published = written["publishes"]
    assert isinstance(constants.get(ast.unparse(published), published), ast.List | ast.Tuple)


@each_service
def test_a_service_reacts_to_what_the_catalogue_says(service: str) -> None:
    assert set(declared(service).reactions) == heard_by(service)


@each_service
def test_the_docstring_of_a_service_names_what_it_listens_to(service: str) -> None:
    text = import_module(f"services.{service}").__doc__ or ""
    named = re.findall(r"[a-z]+\.[a-z_]+\.[a-z_]+\.v\d+", text.partition("Listens to:")[2])
    assert sorted(named) == sorted(event.type for event in heard_by(service))


@each_service
def test_every_event_a_service_publishes_is_announced_by_a_use_case(service: str) -> None:
    """The request for a replay is the floor's: ``shared.messaging.replay`` makes it for every service."""
    declaration = declared(service)
    announced = {event for event in declaration.publishes if event is not declaration.asks_with}
    assert {event.__name__ for event in announced} <= constructed_by(service)


@each_service
def test_the_bindings_of_a_listener_cover_whole_aggregates(service: str) -> None:
    """A type left out would be a hole in the sequence that the listener waits for."""
    bindings = bindings_of(service)
    aggregates = {(event.type.split(".")[0], event.aggregate) for event in heard_by(service)}
    of_them = [t for t, e in CATALOG.items() if (e.publisher, e.event.aggregate) in aggregates]
    assert [t for t in of_them if not any(topic_matches(b, t) for b in bindings)] == []


@each_service
def test_a_service_is_sent_nothing_restricted_that_it_does_not_listen_to(service: str) -> None:
    """What is bound is stored: who has not voted, and whose vote is void, is no other service's to keep."""
    bindings, heard = bindings_of(service), {event.type for event in heard_by(service)}
    restricted = {
        t for t, e in CATALOG.items() if e.event.classification is Classification.RESTRICTED
    }
    sent = {t for t in restricted if any(topic_matches(b, t) for b in bindings)}
    assert restricted
    assert sent <= heard
