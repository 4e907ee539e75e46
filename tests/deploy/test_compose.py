"""The compose file: its parts fit each other and telex, as far as that shows without an engine."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from acceptance.service import Service, wait_for
from deploy.dockerfile import ROOT, image
from newsroom import __main__ as newsroom_command
from newsroom.app import Config, Newsroom
from newsroom.world import Plan
from support.kafka import Cluster, NoKafkaError
from telex.settings import Config as Settings
from telex.settings import load_settings

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
TELEX = {name: service for name, service in SERVICES.items() if service.get("network_mode") == "service:newsroom"}
PROMETHEUS = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
KNOWN = {
    "build", "cap_drop", "command", "depends_on", "entrypoint", "environment", "healthcheck", "image", "network_mode",
    "networks", "ports", "read_only", "restart", "security_opt", "stop_grace_period", "volumes",
}  # fmt: skip
"""Of the compose specification, what is used here: a key that is mistyped is in no list."""


def settings_of(name: str) -> Settings:
    """The settings of a telex in the compose file, the image's own included."""
    return load_settings(environ=image().pairs("ENV") | TELEX[name]["environment"], flags={})


def mounts(service: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Source, target, and whether it may be written to."""
    found = []
    for each in service.get("volumes", []):
        source, target, *mode = each.split(":")
        found.append((source, target, mode != ["ro"]))
    return found


def in_repository(path: str, service: dict[str, Any]) -> Path:
    """The file that a container sees at a path."""
    for source, target, _ in mounts(service):
        if source.startswith("./") and Path(path).is_relative_to(target):
            return DEPLOY / source / Path(path).relative_to(target)
    raise AssertionError(f"nothing is mounted at {path}")


def test_every_key_is_one_of_the_specification():
    assert {key for key in COMPOSE if not key.startswith("x-")} == {"name", "services", "volumes"}
    for name, service in SERVICES.items():
        assert set(service) <= KNOWN, name


def test_there_are_two_telex_beside_everything_they_need():
    assert set(TELEX) == {"telex-0", "telex-1"}
    assert set(SERVICES) == {*TELEX, "kafka", "newsroom", "prometheus", "grafana"}


def test_what_is_mounted_exists():
    used = set()
    for name, service in SERVICES.items():
        for source, _, writable in mounts(service):
            if source.startswith("."):
                assert (DEPLOY / source).is_dir(), (name, source)
                assert not writable, (name, source)
            else:
                used.add(source)
    assert used == set(COMPOSE["volumes"])


def test_images_have_versions_and_ours_is_built_from_here():
    for name, service in SERVICES.items():
        assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+", service["image"]), name
        if "build" in service:
            assert (DEPLOY / service["build"]["context"]).resolve() == ROOT
            assert (ROOT / service["build"]["dockerfile"]).exists()


def test_ports_are_open_to_this_machine_alone():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == len(set(ports)) == 5
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_whoever_is_waited_for_healthy_has_a_health_check_that_needs_no_shell():
    for name, service in SERVICES.items():
        needed = service.get("depends_on", {})
        assert set(needed) <= set(SERVICES), name
        for other in needed if isinstance(needed, dict) else ():
            assert SERVICES[other]["healthcheck"]["test"][0] == "CMD"


def test_our_containers_have_no_rights_and_one_place_to_write():
    for name in (*TELEX, "newsroom"):
        service = SERVICES[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        writable = [target for _, target, may in mounts(service) if may]
        # Only there does the image give its user a place.
        assert writable == (image().last("VOLUME").words() if name == "newsroom" else [])


def test_every_variable_is_a_setting_that_telex_knows():
    for name in TELEX:
        settings = settings_of(name)
        assert settings.log.kind == "kafka"
        assert settings.kafka.instance == name
        assert settings.kafka.replication == 1
    assert len({settings_of(name).http.port for name in TELEX}) == len(TELEX)


def test_telex_finds_kafka_where_it_listens():
    kafka = SERVICES["kafka"]["environment"]
    advertised = dict(each.split("://") for each in kafka["KAFKA_ADVERTISED_LISTENERS"].split(","))
    ports = {name: at.rpartition(":")[2] for name, at in advertised.items()}
    listeners = dict(each.split("://") for each in kafka["KAFKA_LISTENERS"].split(","))
    assert {name: at.removeprefix(":") for name, at in listeners.items() if name in ports} == ports
    assert advertised["INSIDE"].startswith("kafka:")
    assert f"127.0.0.1:{ports['OUTSIDE']}:{ports['OUTSIDE']}" in SERVICES["kafka"]["ports"]
    for name in TELEX:
        assert settings_of(name).kafka.bootstrap == (advertised["INSIDE"],)


def test_telex_reads_the_catalogue_that_the_newsroom_writes():
    newsroom = SERVICES["newsroom"]
    assert newsroom["entrypoint"] == ["newsroom"]
    config = newsroom_command._config(newsroom_command._parser().parse_args(newsroom["command"]))
    assert f"127.0.0.1:{config.port}/" in newsroom["healthcheck"]["test"][-1]
    for name, service in TELEX.items():
        settings = settings_of(name)
        assert settings.catalogue.paths == (str(config.catalogue),)
        assert {(source, target) for source, target, _ in mounts(service)} == {
            (source, target) for source, target, _ in mounts(newsroom)
        }
        assert "127.0.0.0/8" in settings.fetch.allow_networks


def test_a_stop_has_the_time_that_telex_takes():
    for name, service in TELEX.items():
        assert int(service["stop_grace_period"].removesuffix("s")) > settings_of(name).service.shutdown_deadline


def test_prometheus_scrapes_the_ports_that_telex_has():
    targets = [
        target for job in PROMETHEUS["scrape_configs"] for each in job["static_configs"] for target in each["targets"]
    ]
    assert targets == [f"{name}:{settings_of(name).http.port}" for name in TELEX]
    assert SERVICES["newsroom"]["networks"]["default"]["aliases"] == list(TELEX)
    assert all("metrics_path" not in job for job in PROMETHEUS["scrape_configs"])


def test_prometheus_finds_its_files():
    options = dict(option.removeprefix("--").split("=") for option in SERVICES["prometheus"]["command"])
    config = in_repository(options["config.file"], SERVICES["prometheus"])
    assert yaml.safe_load(config.read_text()) == PROMETHEUS
    assert all((config.parent / name).exists() for name in PROMETHEUS["rule_files"])


def test_grafana_finds_its_dashboard_and_its_data():
    grafana = SERVICES["grafana"]
    home = in_repository(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"], grafana)
    dashboard = yaml.safe_load(home.read_text())
    provisioning = in_repository("/etc/grafana/provisioning", grafana)
    provider = yaml.safe_load((provisioning / "dashboards" / "telex.yaml").read_text())["providers"][0]
    assert in_repository(provider["options"]["path"], grafana) == home.parent
    source = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())["datasources"][0]
    assert source["url"] == f"http://prometheus:{SERVICES['prometheus']['ports'][0].rpartition(':')[2]}"
    assert source["jsonData"]["timeInterval"] == PROMETHEUS["global"]["scrape_interval"]
    variable = dashboard["templating"]["list"][0]
    assert (variable["query"], variable["current"]["value"]) == (source["type"], source["uid"])


def kafka_settings() -> dict[str, str]:
    """Kafka's settings as its image takes them from the environment, with `_` for `.`."""
    given = SERVICES["kafka"]["environment"].items()
    return {name.removeprefix("KAFKA_").lower(): value for name, value in given if name != "CLUSTER_ID"}


def broker_settings() -> dict[str, str]:
    """Those that say how it works, not where it stands."""
    elsewhere = re.compile("listener|advertised|controller_quorum_voters|log_dirs|inter_broker")
    return {name: value for name, value in kafka_settings().items() if not elsewhere.match(name)}


@pytest.mark.kafka
async def test_the_two_telex_share_the_shards_on_a_broker_with_these_settings(tmp_path: Path):
    try:
        cluster = await asyncio.to_thread(Cluster.make, tmp_path / "kafka", **broker_settings())
    except NoKafkaError as error:
        pytest.skip(str(error))
    try:
        await asyncio.to_thread(cluster.start)
        # What Kafka does not know it ignores; what it knows it prints.
        known = set(re.findall(r"^\t([a-z.0-9]+) = ", cluster.brokers[0].log.read_text(), re.MULTILINE))
        assert {name.replace("_", ".") for name in kafka_settings()} <= known
        await two_members(tmp_path, cluster.servers)
    finally:
        await asyncio.to_thread(cluster.close)


async def two_members(folder: Path, servers: str) -> None:
    """Run both with their own variables; only addresses and places differ."""
    here = {
        "TELEX_KAFKA__BOOTSTRAP": servers,
        "TELEX_CATALOGUE": str(folder / "feeds.yaml"),
        "TELEX_HTTP": "127.0.0.1:0",
    }
    members = []
    async with Newsroom(Config(plan=Plan(publishers=6, start_articles=3), catalogue=folder / "feeds.yaml")):
        try:
            for name, service in TELEX.items():
                (folder / name).mkdir()
                member = Service(folder / name, folder / "feeds.yaml")
                member.environment.pop("TELEX_LOG__SHARDS")
                member.environment |= service["environment"] | here
                await member.start()
                members.append(member)

            async def owned() -> list[float]:
                return [await member.metric('telex_shards{state="claimed"}') for member in members]

            async def shared() -> bool:
                shards = await owned()
                return sum(shards) == settings_of("telex-0").log.shards and min(shards) > 0

            await wait_for(shared, what="the shards to be shared")
            for member in members:
                assert (await member.get("/readyz"))[0] == 200
                assert len(await member.get_lines("/events", 5)) == 5
            codes = [await member.stop() for member in members]
        finally:
            for member in members:
                if member.process is not None and member.process.returncode is None:
                    await member.kill()
    assert codes == [0, 0], "\n".join(member.said()[-3000:] for member in members)
