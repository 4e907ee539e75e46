"""The Kubernetes manifests: by their schemas, by their security, and by what telex makes of them."""

import ipaddress
import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.dockerfile import ROOT, image
from telex.adapters.catalogue.load import load
from telex.settings import Config, load_settings
from telex.settings.sources import SHORT_FORMS, variable_of

FOLDER = ROOT / "deploy" / "kubernetes"
MANIFESTS: list[dict[str, Any]] = [
    each for path in sorted(FOLDER.glob("*.yaml")) for each in yaml.safe_load_all(path.read_text())
]
LABELS = {"app.kubernetes.io/name": "telex"}


def one(kind: str, name: str = "telex") -> dict[str, Any]:
    """The manifest of a kind and name."""
    found = [each for each in MANIFESTS if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, (kind, name)
    return found[0]


SPEC = one("StatefulSet")["spec"]
POD = SPEC["template"]["spec"]
CONTAINER = POD["containers"][0]
ENVIRONMENT = {each["name"]: each.get("value", "telex-0") for each in CONTAINER["env"]}


@pytest.mark.parametrize("version", [kubernetes_validate.latest_version(), "1.33"])
@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_the_api_takes_the_manifest(manifest: dict[str, Any], version: str):
    kubernetes_validate.validate(manifest, version, strict=True)


def test_the_validator_finds_a_key_that_does_not_exist():
    wrong = one("PodDisruptionBudget") | {"spec": {"maxUnavailabel": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


def test_every_selector_selects_the_pods():
    assert SPEC["template"]["metadata"]["labels"] == LABELS
    assert SPEC["selector"]["matchLabels"] == LABELS
    assert one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == LABELS
    assert one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == LABELS
    assert all(each["labelSelector"]["matchLabels"] == LABELS for each in POD["topologySpreadConstraints"])
    for name in ("telex", "telex-pods"):
        assert one("Service", name)["spec"]["selector"] == LABELS
    assert all(each["metadata"]["labels"] == LABELS for each in MANIFESTS)


def test_the_pods_get_their_names_from_the_headless_service():
    assert one("Service", SPEC["serviceName"])["spec"]["clusterIP"] == "None"


def test_a_pods_name_is_the_name_of_its_process_in_kafka():
    named = next(each for each in CONTAINER["env"] if each["name"] == "TELEX_KAFKA__INSTANCE")
    assert named["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


def test_what_is_mounted_exists_and_is_read_only():
    volumes = {each["name"]: each["configMap"]["name"] for each in POD["volumes"]}
    assert {each["name"] for each in CONTAINER["volumeMounts"]} == set(volumes)
    assert all(each["readOnly"] for each in CONTAINER["volumeMounts"])
    assert all(one("ConfigMap", name)["data"] for name in volumes.values())


def test_the_security_context_is_the_restricted_one():
    user, group = map(int, image().last("USER").rest.split(":"))
    assert POD["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": group,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert POD["automountServiceAccountToken"] is False
    assert POD["enableServiceLinks"] is False
    assert not any(POD.get(key) for key in ("hostNetwork", "hostPID", "hostIPC"))
    assert all(set(each) == {"name", "configMap"} for each in POD["volumes"])


def mounted(folder: Path, config_map: str) -> Path:
    """A ConfigMap as the kubelet mounts it: files behind two symbolic links."""
    folder.mkdir(parents=True)
    (folder / "..2026_11_23").mkdir()
    (folder / "..data").symlink_to("..2026_11_23")
    for name, text in one("ConfigMap", config_map)["data"].items():
        (folder / "..2026_11_23" / name).write_text(text)
        (folder / name).symlink_to(f"..data/{name}")
    return folder


def settings(folder: Path) -> Config:
    """What telex makes of the image's variables, the manifest's and the mounted telex.yaml."""
    where = next(each["mountPath"] for each in CONTAINER["volumeMounts"] if each["name"] == "settings")
    name = Path(ENVIRONMENT["TELEX_CONFIG"]).relative_to(where)
    file = mounted(folder / "settings", "telex-settings") / name
    return load_settings(file=str(file), environ=image().pairs("ENV") | ENVIRONMENT)


def test_telex_takes_the_settings(tmp_path: Path):
    config = settings(tmp_path)
    assert config.log.kind == "kafka"
    assert config.kafka.instance == "telex-0"
    assert config.log.shards >= SPEC["replicas"]
    assert config.service.shutdown_deadline < POD["terminationGracePeriodSeconds"]
    assert (
        config.kafka.start_timeout
        < CONTAINER["startupProbe"]["periodSeconds"] * CONTAINER["startupProbe"]["failureThreshold"]
    )
    assert config.fetch.allow_networks == ()


def test_a_settings_file_states_nothing_that_a_variable_overrules():
    stated = yaml.safe_load(one("ConfigMap", "telex-settings")["data"]["telex.yaml"])
    in_file = {variable_of(f"{section}.{name}") for section, names in stated.items() for name in names}
    variables = {name for name in image().pairs("ENV") | ENVIRONMENT if name.startswith("TELEX_")}
    long = {variable_of(SHORT_FORMS[name]) if name in SHORT_FORMS else name for name in variables}
    assert in_file & long == set()
    assert "TELEX_HTTP__LISTEN" in long


def uncommented(name: str) -> list[dict[str, Any]]:
    """The manifests of a file with what its comments propose."""
    text = re.sub(r"^( {6,})# ( *(?:- |\w+: ).*)$", r"\1\2", (FOLDER / name).read_text(), flags=re.MULTILINE)
    return list(yaml.safe_load_all(text))


def test_the_login_that_the_comments_propose_fits(tmp_path: Path):
    (proposed,), (pods,) = uncommented("settings.yaml"), uncommented("statefulset.yaml")
    kubernetes_validate.validate(pods, kubernetes_validate.latest_version(), strict=True)
    file = tmp_path / "telex.yaml"
    file.write_text(proposed["data"]["telex.yaml"])
    kafka = load_settings(file=str(file), environ={}).kafka
    assert (kafka.tls, kafka.sasl, kafka.username) == (True, "SCRAM-SHA-512", "telex")
    pod = pods["spec"]["template"]["spec"]
    mounts = {each["mountPath"]: each["name"] for each in pod["containers"][0]["volumeMounts"]}
    secrets = {each["name"] for each in pod["volumes"] if "secret" in each}
    assert {mounts[str(each.parent)] for each in (kafka.ca_file, kafka.password_file)} == secrets


def test_telex_takes_the_catalogue(tmp_path: Path):
    feeds = mounted(tmp_path / "feeds", "telex-feeds")
    assert len(load((str(feeds),)).feeds) == 1
    where = next(each["mountPath"] for each in CONTAINER["volumeMounts"] if each["name"] == "feeds")
    assert where == image().pairs("ENV")["TELEX_CATALOGUE"]


def test_probes_and_services_ask_where_telex_answers(tmp_path: Path):
    ports = {each["name"]: each["containerPort"] for each in CONTAINER["ports"]}
    assert ports == {"http": settings(tmp_path).http.port}
    paths = {each: CONTAINER[each]["httpGet"] for each in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {each["port"] for each in paths.values()} == {"http"}
    assert [each["path"] for each in paths.values()] == ["/livez", "/livez", "/readyz"]
    for name in ("telex", "telex-pods"):
        assert [each["targetPort"] for each in one("Service", name)["spec"]["ports"]] == ["http"]
    annotations = SPEC["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(ports["http"])
    inward = one("NetworkPolicy")["spec"]["ingress"]
    assert [port["port"] for rule in inward for port in rule["ports"]] == [ports["http"]]


def test_the_image_is_the_one_that_compose_builds():
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    assert CONTAINER["image"] == compose["services"]["telex-0"]["image"]


def test_pods_may_ask_the_world_but_no_neighbour():
    world = one("NetworkPolicy")["spec"]["egress"][-1]
    assert [port["port"] for port in world["ports"]] == [80, 443]
    for block in (each["ipBlock"] for each in world["to"]):
        whole = ipaddress.ip_network(block["cidr"])
        without = [ipaddress.ip_network(each) for each in block["except"]]
        assert all(each.subnet_of(whole) and each != whole for each in without)
        for address in NEIGHBOURS:
            inside = ipaddress.ip_address(address)
            assert inside.version != whole.version or any(inside in each for each in without), address
        for address in WORLD:
            assert not any(ipaddress.ip_address(address) in each for each in without), address


NEIGHBOURS = (
    "10.96.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "100.64.0.1", "169.254.169.254", "127.0.0.1",
    "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "fd00::1", "fe80::1", "ff02::1",
)  # fmt: skip
WORLD = ("93.184.215.14", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "2a00:1450::1")


def test_brokers_are_reached_where_the_settings_look_for_them(tmp_path: Path):
    host, _, port = settings(tmp_path).kafka.bootstrap[0].rpartition(":")
    kafka = one("NetworkPolicy")["spec"]["egress"][1]
    namespace = kafka["to"][0]["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
    assert host.split(".")[1] == namespace
    assert int(port) in {each["port"] for each in kafka["ports"]}


def test_a_container_has_the_memory_that_it_may_need_and_is_never_throttled():
    assert set(CONTAINER["resources"]["limits"]) == {"memory"}
    assert set(CONTAINER["resources"]["requests"]) == {"cpu", "memory"}
