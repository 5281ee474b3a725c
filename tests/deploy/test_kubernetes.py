"""The Kubernetes files: valid by Kubernetes' schemas, and of one mind with each other and us."""

import re
from pathlib import Path
from typing import Any, cast

import flask
import kubernetes_validate
import pytest
import yaml
from flask.testing import FlaskClient

from ocr_server.settings import Settings

FILES = sorted((Path(__file__).parent.parent.parent / "deploy" / "kubernetes").glob("*.yaml"))
VERSIONS = ["1.31", kubernetes_validate.latest_version()]
MIB = 1024 * 1024
PROBES = ["startupProbe", "livenessProbe", "readinessProbe"]

Resource = dict[str, Any]
RESOURCES: dict[str, Resource] = {
    resource["kind"]: resource
    for file in FILES
    for resource in yaml.safe_load_all(file.read_text("utf-8"))
}
DEPLOYMENT = RESOURCES["Deployment"]["spec"]
POD = DEPLOYMENT["template"]["spec"]
(CONTAINER,) = POD["containers"]
LABELS = DEPLOYMENT["template"]["metadata"]["labels"]


def bytes_of(quantity: str) -> int:
    number, unit = quantity[:-2], quantity[-2:]
    return int(number) * {"Mi": MIB, "Gi": 1024 * MIB}[unit]


def environment() -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry) for entry in CONTAINER["env"]}


def metric_names(text: str) -> set[str]:
    return set(re.findall(r"\bocr_server_[a-z_]+\b", text)) - {"ocr_server_busy_share"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", RESOURCES)
def test_kubernetes_accepts(kind: str, version: str) -> None:
    kubernetes_validate.validate(RESOURCES[kind], version, strict=True)


def test_nothing_names_a_namespace() -> None:
    assert not [kind for kind, made in RESOURCES.items() if "namespace" in made["metadata"]]


def test_selectors_match_the_pods_labels() -> None:
    selectors = [
        DEPLOYMENT["selector"]["matchLabels"],
        RESOURCES["Service"]["spec"]["selector"],
        RESOURCES["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        RESOURCES["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        *(one["labelSelector"]["matchLabels"] for one in POD["topologySpreadConstraints"]),
    ]
    assert all(selector.items() <= LABELS.items() for selector in selectors)


def test_the_autoscaler_scales_the_deployment() -> None:
    target = RESOURCES["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == (
        "Deployment",
        RESOURCES["Deployment"]["metadata"]["name"],
    )
    assert "replicas" not in DEPLOYMENT  # Applied again, it would undo what the autoscaler did.


def test_all_ports_are_the_one_the_server_listens_on() -> None:
    (port,) = CONTAINER["ports"]
    assert port["containerPort"] == Settings.model_fields["port"].default
    users = [
        RESOURCES["Service"]["spec"]["ports"][0]["targetPort"],
        RESOURCES["NetworkPolicy"]["spec"]["ingress"][0]["ports"][0]["port"],
        *(CONTAINER[probe]["httpGet"]["port"] for probe in PROBES),
    ]
    assert set(users) == {port["name"]}
    scraped = DEPLOYMENT["template"]["metadata"]["annotations"]["prometheus.io/port"]
    assert int(scraped) == port["containerPort"]


def test_the_service_does_not_set_the_servers_port_by_its_name() -> None:
    name = RESOURCES["Service"]["metadata"]["name"].upper().replace("-", "_")
    assert f"{name}_PORT" == "OCR_SERVER_PORT"
    assert POD["enableServiceLinks"] is False


def test_probes_and_prometheus_ask_for_paths_that_the_application_has(app: flask.Flask) -> None:
    annotations = DEPLOYMENT["template"]["metadata"]["annotations"]
    paths = {CONTAINER[probe]["httpGet"]["path"] for probe in PROBES}
    assert {*paths, annotations["prometheus.io/path"]} <= {
        rule.rule for rule in app.url_map.iter_rules()
    }


def test_whole_cores_are_set_aside() -> None:
    assert CONTAINER["resources"]["requests"] == CONTAINER["resources"]["limits"]
    assert CONTAINER["resources"]["limits"]["cpu"].isdigit()
    # The server makes a worker and a slot for each core of the limit, unless told otherwise.
    assert not environment().keys() & {"OCR_SERVER_WORKERS", "OCR_SERVER_SLOTS"}


def test_the_memory_is_enough_for_all_workers_a_successor_their_documents_and_the_volume() -> None:
    limits = CONTAINER["resources"]["limits"]
    workers = int(limits["cpu"])
    (volume,) = POD["volumes"]
    names = ("MAX_WORKER_BYTES", "MAX_DOCUMENTS", "MAX_RENDER_BYTES")
    largest, documents, rendering = (int(environment()[f"OCR_SERVER_{name}"]) for name in names)
    file = Settings.model_fields["max_document_bytes"].default
    # The upload, the file that is rendered, and two processes that render and write.
    document = 2 * file + 2 * (rendering + file)
    needed = (workers + 1) * largest + workers * documents * document
    assert needed + bytes_of(volume["emptyDir"]["sizeLimit"]) <= bytes_of(limits["memory"])


def test_a_pod_has_more_time_to_stop_than_it_gives_its_requests() -> None:
    _, graceful = CONTAINER["args"]
    assert CONTAINER["args"] == ["--graceful-timeout", graceful]
    _, waits = CONTAINER["lifecycle"]["preStop"]["exec"]["command"]
    assert POD["terminationGracePeriodSeconds"] > int(waits) + int(graceful)


def test_the_settings_are_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment().items():
        if isinstance(value, str):
            monkeypatch.setenv(name, value)
    Settings.from_environment()
    known = {f"OCR_SERVER_{name.upper()}" for name in Settings.model_fields}
    assert environment().keys() <= known


def test_keys_come_from_a_secret_that_must_be_there() -> None:
    reference = environment()["OCR_SERVER_API_KEYS"]["valueFrom"]["secretKeyRef"]
    assert not reference.get("optional", False)


def test_a_pod_has_time_to_leave() -> None:
    graceful = 60  # gunicorn's graceful_timeout, in ocr_server/gunicorn_config.py
    (_, before) = CONTAINER["lifecycle"]["preStop"]["exec"]["command"]
    assert POD["terminationGracePeriodSeconds"] > graceful + int(before)


def test_a_new_pod_has_time_to_load_its_engine() -> None:
    probe = CONTAINER["startupProbe"]
    longest = cast("float", Settings.model_fields["max_load_seconds"].default)
    assert probe["periodSeconds"] * probe["failureThreshold"] > longest


def test_a_pod_may_do_nothing_it_need_not() -> None:
    assert POD["securityContext"]["runAsNonRoot"]
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert POD["automountServiceAccountToken"] is False


def test_metrics_that_are_named_are_the_servers(client: FlaskClient) -> None:
    told = client.get("/metrics").get_data(as_text=True)
    named = set().union(*(metric_names(file.read_text("utf-8")) for file in FILES))
    assert named
    for name in named:
        assert f"# TYPE {name.removesuffix('_sum')} " in told
