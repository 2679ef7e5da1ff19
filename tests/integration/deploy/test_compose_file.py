"""``docker-compose.yml`` says what a deployment is: every service, in both roles, closed, pinned, watched."""

import re
from typing import Any

import pytest
import yaml

from deploy.declared import services
from deploy.docker.broker_users import rights_of, topics_of
from deploy.gateway.upstreams import FILE, ROLES, upstreams
from services.notifications.outbound.descriptors import affordable
from services.notifications.workers import FAST_PLACES, SLOW_PLACES
from shared.contracts.catalog import CATALOG, bindings_of
from shared.messaging.bus import direct_key
from shared.messaging.rabbit import (
    DEAD_LETTER_EXCHANGE,
    EVENTS_EXCHANGE,
    dead_letter_queue_name,
    queue_name,
)
from shared.service import ALL_PARTS, Part
from tests.architecture.house import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
DECLARED = {service.name: service for service in services()}
DOCKERFILE = (ROOT / "deploy" / "docker" / "Dockerfile").read_text(encoding="utf-8")

JOBS = {name for name, container in CONTAINERS.items() if container.get("restart") == "no"}
PINNED = re.compile(r"[\w./-]+:\d+\.\d+(\.\d+)?-[\w-]+")
SECRET = re.compile(r"PASSWORD|SECRET|KEYS|PASS$")
FILLED_IN = re.compile(r"\$\{[A-Z_]+:\?[^}]+\}")

each_service = pytest.mark.parametrize("service", DECLARED)


def parts_of(container: str) -> set[str]:
    """The parts of its service that ``container`` runs."""
    flag, parts = CONTAINERS[container]["command"]
    assert flag == "--parts"
    return set(parts.split(","))


def build_arguments(container: str) -> list[str]:
    """What the image of ``container`` is built with."""
    arguments: list[str] = CONTAINERS[container]["build"]["args"]
    return arguments


def stage(name: str) -> str:
    """The lines of one stage of the Dockerfile."""
    return re.split(r"^FROM .*\n", DOCKERFILE.split(f" AS {name}\n", 1)[1], maxsplit=1, flags=re.M)[
        0
    ]


def test_every_service_runs_once_as_api_and_once_as_worker() -> None:
    roles = {name for name in CONTAINERS if name.rpartition("-")[2] in ROLES}
    assert roles == {f"{service}-{role}" for service in DECLARED for role in ROLES}


@each_service
def test_api_and_worker_run_every_part_of_a_service_between_them(service: str) -> None:
    api, worker = parts_of(f"{service}-api"), parts_of(f"{service}-worker")
    assert api == {Part.API}
    assert worker == ALL_PARTS - {Part.API}


@each_service
def test_a_service_waits_until_its_database_and_queues_are_prepared(service: str) -> None:
    for role in ROLES:
        waits = CONTAINERS[f"{service}-{role}"]["depends_on"]
        assert waits.keys() == {"migrate", "topology"}
        assert {wait["condition"] for wait in waits.values()} == {"service_completed_successfully"}


@each_service
def test_a_service_knows_its_own_secrets_and_no_other_services(service: str) -> None:
    for role in ROLES:
        known = str(CONTAINERS[f"{service}-{role}"]["environment"])
        others = {name.upper() for name in DECLARED if name != service}
        assert not [name for name in others if f"{name}_" in known]
        assert "POSTGRES_PASSWORD" not in known
        assert "RABBITMQ_PASSWORD" not in known


@each_service
def test_the_jobs_prepare_every_service(service: str) -> None:
    migrate, topology = (CONTAINERS[job]["environment"] for job in ("migrate", "topology"))
    assert f"{service.upper()}_DATABASE_URL" in migrate
    assert f"{service.upper()}_BROKER_PASSWORD" in topology


@each_service
def test_an_image_holds_one_service_and_the_floor(service: str) -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", stage("floor") + stage("service"), re.M)
    assert copied == ["shared", "services/__init__.py", "services/${SERVICE}"]
    for role in ROLES:
        container = f"{service}-{role}"
        assert f"SERVICE={service}" in build_arguments(container)
        assert CONTAINERS[container]["build"]["target"] == "service"


def test_every_image_that_is_not_ours_is_pinned_and_no_other_libc() -> None:
    foreign = [c["image"] for c in CONTAINERS.values() if "build" not in c]
    bases = re.findall(r"^FROM (\S+:\S+)", DOCKERFILE, re.M)
    assert len(foreign) == 3
    assert [image for image in foreign + bases if not PINNED.fullmatch(image)] == []
    assert [image for image in foreign + bases if "alpine" in image] == []
    assert [image for image in foreign + bases if "bookworm" not in image] == [
        CONTAINERS["rabbitmq"]["image"]
    ]


def test_every_container_that_stays_has_a_health_check() -> None:
    assert {"migrate", "topology", "demo"} == JOBS
    assert [n for n, c in CONTAINERS.items() if n not in JOBS and "healthcheck" not in c] == []


def test_no_secret_is_in_the_file() -> None:
    for name, container in CONTAINERS.items():
        for key, value in container.get("environment", {}).items():
            if SECRET.search(key):
                assert FILLED_IN.fullmatch(value), (name, key)
            password = re.search(r"://[^:/]+:(.+)@", value)
            assert password is None or FILLED_IN.fullmatch(password[1]), (name, key)


def test_only_the_gateway_can_be_reached_from_the_host() -> None:
    assert [name for name, container in CONTAINERS.items() if "ports" in container] == ["gateway"]
    assert not [name for name, container in CONTAINERS.items() if "network_mode" in container]


def test_databases_and_broker_are_on_a_network_that_leads_nowhere() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert CONTAINERS["postgres"]["networks"] == CONTAINERS["rabbitmq"]["networks"] == ["inside"]
    assert CONTAINERS["gateway"]["networks"] == ["outside"]


def test_our_containers_can_change_nothing_of_themselves() -> None:
    for name, container in CONTAINERS.items():
        if name not in ("postgres", "rabbitmq"):
            assert container["read_only"], name
            assert container["cap_drop"] == ["ALL"], name
    assert "USER gongyue" in stage("service")
    assert "USER gongyue" in stage("suite")


def test_test_aids_are_off_unless_they_are_asked_for() -> None:
    assert "${GONGYUE_ENVIRONMENT:-production}" in TEXT
    assert "${GONGYUE_TEST_CLOCK:-false}" in TEXT
    assert "${MEMBERSHIP_DEVELOPMENT_SUBJECTS:-false}" in TEXT
    demonstration = [name for name, c in CONTAINERS.items() if c.get("profiles") == ["demo"]]
    assert demonstration == ["issuer", "demo"]


def test_the_images_install_what_is_locked_here() -> None:
    def pins(file: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", (ROOT / file).read_text(encoding="utf-8"), re.M))

    images = pins("deploy/docker/requirements.lock")
    assert images <= pins("requirements.lock")
    assert not [pin for pin in images if pin.startswith(("pytest", "mypy", "pixeltable"))]


def test_the_gateways_table_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == upstreams(services())


@each_service
def test_a_services_broker_user_may_do_what_a_service_does(service: str) -> None:
    rights, topics = rights_of(service), topics_of(service)
    published = [type for type, entry in CATALOG.items() if entry.publisher == service]
    assert re.search(rights["write"], EVENTS_EXCHANGE)
    assert re.search(rights["write"], queue_name(service))
    assert re.search(rights["read"], queue_name(service))
    assert re.search(rights["read"], dead_letter_queue_name(service))
    assert all(re.search(topics["write"], type) for type in published)
    assert all(re.search(topics["write"], direct_key(asking)) for asking in DECLARED)
    assert all(
        re.search(topics["read"], key) for key in [*bindings_of(service), direct_key(service)]
    )


@each_service
def test_a_services_broker_user_may_do_nothing_else(service: str) -> None:
    rights, topics = rights_of(service), topics_of(service)
    others = [name for name in DECLARED if name != service]
    foreign = [type for type, entry in CATALOG.items() if entry.publisher != service]
    queues = [queue_name(name) for name in others] + [f"{queue_name(service)}.other"]
    assert rights["configure"] == "^$"
    assert not [q for q in queues if re.search(rights["write"], q) or re.search(rights["read"], q)]
    assert not re.search(rights["write"], DEAD_LETTER_EXCHANGE)
    assert not [type for type in foreign if re.search(topics["write"], type)]
    assert not [name for name in others if re.search(topics["read"], direct_key(name))]
    assert not re.search(topics["read"], "#")


def test_the_worker_that_sends_webhooks_may_open_a_socket_for_each_on_its_way() -> None:
    limit = CONTAINERS["notifications-worker"]["ulimits"]["nofile"]
    assert affordable(FAST_PLACES, SLOW_PLACES, limit) == (FAST_PLACES, SLOW_PLACES)
