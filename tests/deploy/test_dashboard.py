"""Grafana's dashboard and Prometheus' rules ask for what telex exports."""

import itertools
import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from acceptance.service import Service, wait_for
from deploy.dockerfile import ROOT
from deploy.promql import Exported, faults, labels_of_result
from newsroom.app import Config, Newsroom
from newsroom.world import Plan

DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "telex.json").read_text())
RULES = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
JOB = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"][0]["job_name"]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
LABEL_VALUES = re.compile(r"label_values\((.+), (\w+)\)")


async def exported_by_a_run(folder: Path) -> Exported:
    """Everything that /metrics shows after telex has published something."""
    service = Service(folder, folder / "feeds.yaml")
    async with Newsroom(Config(plan=Plan(publishers=4, start_articles=3), catalogue=folder / "feeds.yaml")):
        await service.start()

        async def published() -> bool:
            return await service.metric('telex_articles_total{type="published"}') > 0

        await wait_for(published, what="an article")
        _, text = await service.get("/metrics")
        assert await service.stop() == 0
    samples: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            for label, value in sample.labels.items():
                samples[sample.name][label].add(value)
            samples.setdefault(sample.name, {})
    return Exported({name: dict(labels) for name, labels in samples.items()})


async def test_every_query_is_answered_by_what_a_run_exports(tmp_path: Path):
    exported = await exported_by_a_run(tmp_path)
    queries = {panel["title"]: [target["expr"] for target in panel["targets"]] for panel in PANELS}
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            found = LABEL_VALUES.fullmatch(variable["definition"])
            assert found is not None
            assert found[2] in exported.labels("telex_build_info")
            queries[f"${variable['name']}"] = [found[1]]
    queries |= {rule["alert"]: [rule["expr"]] for rule in ALERTS}
    wrong = {title: [faults(each, exported, JOB) for each in asked] for title, asked in queries.items()}
    assert {title: each for title, each in wrong.items() if any(each)} == {}
    assert sum(map(len, queries.values())) > 30


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("rate(telex_pols_total[5m])", "there is no telex_pols_total"),
        ('telex_polls_total{result="changed"}', "telex_polls_total has no label result"),
        ('telex_polls_total{outcome="chnged"}', "telex_polls_total never has outcome=chnged"),
        ("sum by (reason) (rate(telex_polls_total[5m]))", "no sample below has the label reason"),
        ('up{job="tele"}', "no job is called tele"),
    ],
)
def test_a_query_that_nothing_answers_is_found(query: str, fault: str):
    exported = Exported({"telex_polls_total": {"outcome": {"changed"}}})
    assert faults(query, exported, "telex") == [fault]


def test_a_query_that_prometheus_cannot_read_is_found():
    with pytest.raises(ValueError, match="parenthesis"):
        faults("sum by (outcome (telex_polls_total)", Exported({}), "telex")


def test_legends_name_labels_that_the_result_has():
    for panel in PANELS:
        for target in panel["targets"]:
            named = set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")))
            assert named <= labels_of_result(target["expr"]), panel["title"]


def test_panels_do_not_lie_on_each_other():
    def cells(panel):
        at = panel["gridPos"]
        return set(itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])))

    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in DASHBOARD["panels"])
    for one, other in itertools.combinations(DASHBOARD["panels"], 2):
        assert not cells(one) & cells(other), (one["title"], other["title"])
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_every_panel_says_what_it_shows():
    for panel in PANELS:
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


def test_every_alert_says_what_happened_and_what_to_do():
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS) >= 5
    for rule in ALERTS:
        assert re.fullmatch(r"Telex([A-Z][a-z]+)+", rule["alert"])
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}
        assert re.fullmatch(r"\d+m", rule["for"])
        named = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
        assert named <= labels_of_result(rule["expr"]), rule["alert"]


def test_the_alert_about_shards_knows_how_many_there_are():
    rule = next(rule for rule in ALERTS if rule["alert"] == "TelexShardsUnowned")
    assert "< max by (job) (telex_log_shards)" in rule["expr"]
