"""Settings: precedence, what is refused and how it is said, and the table."""

from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from telex.core.selection import Selection
from telex.errors import ConfigurationError
from telex.eventlogs import kafka_settings, naming_of
from telex.settings import Config, HttpConfig, load_settings, settings_rows


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def refused(file=None, environ=None, flags=None):
    if file is not None:
        Path("telex.yaml").write_text(file)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ=environ or {}, flags=flags)
    return [str(problem) for problem in caught.value.problems]


def load(file=None, environ=None):
    if file is not None:
        Path("telex.yaml").write_text(file)
    return load_settings(environ=environ or {})


def test_nothing_stated_gives_the_defaults():
    assert load_settings(environ={}) == Config()
    Path("telex.yaml").write_text("# nothing yet\n")
    assert load_settings(environ={}) == Config()
    Path("telex.yaml").write_text("http:\n")
    assert load_settings(environ={"TELEX_HTTP": ""}) == Config()


def test_flags_win_over_the_environment_it_over_the_file_and_that_over_defaults():
    Path("telex.yaml").write_text(
        "http: {listen: '127.0.0.1:1', public_url: https://news.example/}\npolling: {interval_min: 1m, concurrency: 7}\n"
    )
    environ = {"TELEX_HTTP": "127.0.0.1:2", "TELEX_POLLING__INTERVAL_MIN": "2m"}
    config = load_settings(environ=environ, flags={"http.listen": "127.0.0.1:3", "log.path": None})
    assert config.http.listen == "127.0.0.1:3"
    assert config.polling.interval_min == 120
    assert (config.polling.concurrency, config.http.public_url) == (7, "https://news.example")
    assert config.log == Config().log


def test_every_kind_of_value_is_understood_in_a_file_and_in_a_variable():
    file = """
catalogue: [feeds.yaml, more/]
allow_networks: [127.0.0.0/8, '::1']
shutdown_deadline: 5
log: {path: data/x.sqlite, retention_age: 2d, retention_bytes: 1.5GiB, shards: 4}
fetch: {max_body: 64KiB, per_host: null, proxy: 'http://u:p@proxy.example:3128'}
"""
    Path("telex.yaml").write_text(file)
    stated = {
        "TELEX_CATALOGUE": "feeds.yaml, more/",
        "TELEX_ALLOW_NETWORKS": "127.0.0.0/8,::1",
        "TELEX_SHUTDOWN_DEADLINE": "5s",
        "TELEX_LOG__PATH": "data/x.sqlite",
        "TELEX_LOG__RETENTION_AGE": "172800",
        "TELEX_LOG__RETENTION_BYTES": "1610612736",
        "TELEX_LOG__SHARDS": "4",
        "TELEX_FETCH__MAX_BODY": "65536",
        "TELEX_FETCH__PER_HOST": "none",
        "TELEX_FETCH__PROXY": "http://u:p@proxy.example:3128",
    }
    by_file = load_settings(environ={})
    Path("telex.yaml").unlink()
    assert load_settings(environ=stated) == by_file
    assert by_file.catalogue.paths == ("feeds.yaml", "more/")
    assert by_file.fetch.allow_networks == ("127.0.0.0/8", "::1/128")
    assert by_file.log.path == Path("data/x.sqlite")
    assert by_file.log.retention_bytes == 3 << 29
    assert by_file.fetch.per_host is None
    assert "u:p" not in repr(by_file)


def test_what_comes_out_is_plain_and_frozen():
    config = load_settings(environ={"TELEX_LOG__SHARDS": "4"})
    for section in fields(Config):
        value = getattr(config, section.name)
        assert is_dataclass(value)
        assert type(value).__dataclass_params__.frozen
        assert not hasattr(value, "__pydantic_fields__")


@pytest.mark.parametrize(
    ("listen", "host", "port"), [("127.0.0.1:80", "127.0.0.1", 80), ("[::1]:0", "::1", 0), (":8080", "", 8080)]
)
def test_an_address_to_listen_on_has_host_and_port(listen, host, port):
    http = load_settings(environ={"TELEX_HTTP": listen}).http
    assert (http.host, http.port) == (host, port)
    assert HttpConfig().port == 8080


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("htp: {}\n", "telex.yaml:1:1: htp: is an unknown key; did you mean 'http'?"),
        ("fetch:\n  max_bdy: 1\n", "telex.yaml:2:3: fetch.max_bdy: is an unknown key; did you mean 'max_body'?"),
        ("fetch: 7\n", "telex.yaml:1:8: fetch: is a number, not a mapping"),
        ("- a\n", "telex.yaml:1:1: is a list, not a mapping"),
        ("http: 8080\n", "telex.yaml:1:7: http: 8080 is no address to listen on; write host:port"),
        ("http:\n  listen: a:99999\n", "telex.yaml:2:11: http.listen: 'a:99999' is no address to listen on"),
        ("fetch: {max_body: big}\n", "telex.yaml:1:19: fetch.max_body: 'big' is no number; write bytes"),
        ("fetch: {max_body: 1}\n", "telex.yaml:1:19: fetch.max_body: 1 is out of range"),
        ("fetch: {redirects: 1.5}\n", "telex.yaml:1:20: fetch.redirects: 1.5 is no whole number"),
        ("fetch: {redirects: true}\n", "telex.yaml:1:20: fetch.redirects: True is no number"),
        ("fetch: {total: .nan}\n", "telex.yaml:1:16: fetch.total: nan is out of range"),
        ("fetch: {total: soon}\n", "telex.yaml:1:16: fetch.total: 'soon' is no number; write seconds, or 90s"),
        ("allow_networks: [10.0.0.1/8]\n", "telex.yaml:1:17: allow_networks: ['10.0.0.1/8'] holds no network"),
        ("catalogue: []\n", "telex.yaml:1:12: catalogue: [] names nothing"),
        ("log: {kind: redis}\n", "telex.yaml:1:13: log.kind: 'redis' is not one of the words it can be"),
        (
            "kafka: {bootstrap: [kafka]}\n",
            "telex.yaml:1:20: kafka.bootstrap: ['kafka'] holds 'kafka', which is no address",
        ),
        ("kafka: {group: a}\n", "telex.yaml:1:16: kafka.group: is set, and log.kind is sqlite; set log.kind to kafka"),
        ("kafka: {instance: a/b}\n", "telex.yaml:1:19: kafka.instance: 'a/b' is no name; write 1-249"),
        ("kafka: {tls: maybe}\n", "telex.yaml:1:14: kafka.tls: 'maybe' is neither true nor false"),
        ("kafka: {sasl: scram}\n", "telex.yaml:1:15: kafka.sasl: 'scram' is not one of the words"),
        (
            "log: {kind: kafka}\nkafka: {sasl: scram-sha-512, username: me}\n",
            "telex.yaml:2:15: kafka.sasl: SCRAM-SHA-512 needs a user name and a password",
        ),
        (
            "log: {kind: kafka}\nkafka: {state_topic: news.feeds}\n",
            "telex.yaml:2:22: kafka.state_topic: 'news.feeds' names two topics",
        ),
        (
            "log: {kind: kafka}\nkafka: {session: 2}\n",
            "defaults: kafka.heartbeat: is more than a third of kafka.session",
        ),
        ("log_level: loud\n", "telex.yaml:1:12: log_level: 'loud' is not one of"),
        ("topics: {feeds: 'a b'}\n", "telex.yaml:1:17: topics.feeds: 'a b' is no name of a topic"),
        ("topics: {feeds: news.articles}\n", "names two topics"),
        (
            "topics: {current: news.latest}\n",
            "telex.yaml:1:19: topics.current: is set, and a sqlite log keeps each event once; set log.kind to kafka",
        ),
        (
            "log: {kind: kafka}\ntopics: {fan_out: {Sport: {category: x}}}\n",
            "telex.yaml:2:19: topics.fan_out: {'Sport': {'category': 'x'}} holds 'Sport', which is no slug",
        ),
        ("topics: {fan_out: {s: {categry: x}}}\n", "holds the unknown criterion 'categry' of 's'; did you mean"),
        ("topics: {fan_out: {s: {language: [fr, '?']}}}\n", "is wrong in 's': '?' is no language tag"),
        ("topics: {fan_out: {s: {country: Senegal}}}\n", "is wrong in 's': 'Senegal' is no ISO 3166 code"),
        ("topics: {fan_out: {s: {country: []}}}\n", "lets 's' take every article; name one of publisher, country"),
        ("topics: {fan_out: {s: {category: 7}}}\n", "holds 7 as category of 's', which is no text"),
        (
            "topics: {fan_out: {s: {topic: sport}}}\n",
            "is wrong in 's': 'sport' is no topic's code, such as medtop:15000000",
        ),
        ("topics: {fan_out: {s: {profile: rich}}}\n", "is wrong in 's': 'rich' is no profile; there are state, public"),
        ("topics: {fan_out: {s: {place: ML, confidence: 2}}}\n", "holds 2 as confidence of 's'; write a number from 0"),
        ("topics: {fan_out: {s: {confidence: 0.7}}}\n", "lets 's' take every article; name one of publisher, country"),
        ("topics: {fan_out: {s: sport}}\n", "states no criteria of 's'"),
        ("topics: {fan_out: [sport]}\n", "['sport'] is no mapping; write slugs and their criteria"),
        (
            "log: {kind: kafka}\ntopics: {fan_out_prefix: news., fan_out: {feeds: {language: fr}}}\n",
            "topics.fan_out: 'news.feeds' names two topics",
        ),
        ("polling: {interval_min: 2h}\n", "telex.yaml:1:25: polling.interval_min: 7200 s is greater than"),
        ("http: {public_url: 'ftp://x'}\n", "telex.yaml:1:20: http.public_url: 'ftp://x' is no http or https URL"),
        ("http: ':1'\nhttp:\n", "http: stands twice, first in line 1"),
        ("http: [\n", "telex.yaml:2:1: is no YAML"),
        ("allow_networks: []\nfetch: {allow_networks: []}\n", "fetch.allow_networks: says the same as allow_networks"),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_place_key_value_and_remedy(file, said):
    assert said in refused(file)[0]


FAN_OUT = (
    ("sport", Selection.of(categories=["Sport", "foot"])),
    ("senegal", Selection.of(countries=["SN"], languages=["fr"])),
)


def test_rules_of_topics_are_a_mapping_in_a_file_and_json_in_a_variable():
    file = """
log: {kind: kafka}
topics:
  fan_out:
    sport: {category: [Sport, foot]}
    senegal: {country: sn, language: fr}
"""
    assert load(file).topics.fan_out == FAN_OUT
    Path("telex.yaml").unlink()
    json = '{"sport": {"category": ["sport", "Foot"]}, "senegal": {"country": ["sn"], "language": "FR"}}'
    assert load(environ={"TELEX_LOG__KIND": "kafka", "TELEX_TOPICS__FAN_OUT": json}).topics.fan_out == FAN_OUT
    assert "is no JSON" in refused(environ={"TELEX_TOPICS__FAN_OUT": "sport"})[0]


def test_topics_that_repeat_events_are_named_as_the_settings_say():
    environ = {"TELEX_LOG__KIND": "kafka", "TELEX_TOPICS__CURRENT": "n.c", "TELEX_KAFKA__FAN_OUT_PARTITIONS": "2"}
    environ |= {"TELEX_TOPICS__FAN_OUT": '{"fr": {"language": "fr"}}', "TELEX_TOPICS__FAN_OUT_PREFIX": "n-"}
    config = load(environ=environ)
    assert naming_of(config).derived() == ("n.c", "n-fr")
    topics = kafka_settings(config).topics
    assert (topics.derived, topics.fan_out_partitions) == (("n.c", "n-fr"), 2)


def test_unknown_variables_are_refused_but_not_those_that_are_none_of_ours():
    environ = {
        "TELEX_DATA": "x",
        "TELEX_TEST_SEED": "1",
        "TELEX_CONFIG": "",
        "PATH": "/bin",
        "TELEX_SERVICE_HOST": "10.0.0.1",
        "TELEX_PORT": "tcp://10.0.0.1:80",
        "TELEX_PORT_80_TCP_ADDR": "10.0.0.1",
        "TELEX_HEADLESS_SERVICE_PORT_HTTP": "80",
        "TELEX_SERVICE_PORT": "80",
    }
    assert load_settings(environ=environ) == Config()
    assert refused(environ=environ | {"TELEX_HTPP": "x", "TELEX_FETCH__MAXBODY": "1", "TELEX_HTTP_PORT": "x"}) == [
        "environment: TELEX_FETCH__MAXBODY: is an unknown variable; did you mean 'TELEX_FETCH__MAX_BODY'?",
        "environment: TELEX_HTPP: is an unknown variable; did you mean 'TELEX_HTTP'?",
        "environment: TELEX_HTTP_PORT: is an unknown variable; did you mean 'TELEX_HTTP'?",
    ]


def test_all_problems_of_file_environment_and_flags_come_at_once():
    found = refused(
        "fetch: {connect: x, first_bite: 1}\nlog: {shards: 0}\n",
        {"TELEX_HTTP": "x", "TELEX_HTP": "y", "TELEX_LOG__SHARDS": "8"},
        {"polling.concurrency": "none"},
    )
    assert sorted(line.split(": ")[1] for line in found) == [
        *("TELEX_HTP", "TELEX_HTTP", "fetch.connect", "fetch.first_bite", "polling.concurrency"),
    ]
    assert any(line.startswith("command line: polling.concurrency: 'none' is no number") for line in found)


@pytest.mark.parametrize(
    "environ",
    [{"TELEX_FETCH__PROXY": "socks5://u:hunter2@x"}, {"TELEX_HTTP__PUBLIC_URL": "https://u:hunter2@x.example"}],
)
def test_a_secret_is_never_repeated(environ):
    found = refused(environ=environ)
    assert len(found) == 1
    assert "hunter2" not in found[0]


def test_a_variable_and_its_short_form_together_are_refused():
    found = refused(environ={"TELEX_HTTP": ":1", "TELEX_HTTP__LISTEN": ":2"})
    assert found == ["environment: TELEX_HTTP__LISTEN: says the same as TELEX_HTTP; set one of them"]


def test_a_named_file_has_to_exist_and_to_be_text():
    with pytest.raises(ConfigurationError, match=r"none.yaml: cannot be read: No such file"):
        load_settings(file="none.yaml", environ={})
    with pytest.raises(ConfigurationError, match=r"other.yaml: cannot be read: No such file"):
        load_settings(environ={"TELEX_CONFIG": "other.yaml"})
    Path("latin.yaml").write_bytes(b"# caf\xe9\n")
    with pytest.raises(ConfigurationError, match=r"latin.yaml:1:6: is not UTF-8"):
        load_settings(file="latin.yaml", environ={})


def test_the_table_has_each_setting_once_and_each_variable_works():
    rows = settings_rows()
    names = [f"{section.name}.{each.name}" for section in fields(Config) for each in fields(section.default_factory)]
    assert [row.name for row in rows] == names
    assert len({row.variable for row in rows}) == len(rows)
    assert all(row.description.endswith(".") for row in rows)
    for row in rows:
        if row.default != "none":
            kafka = {"TELEX_LOG__KIND": "kafka"} if row.name.startswith("kafka.") else {}
            same = load_settings(environ=kafka)
            assert load_settings(environ=kafka | {row.variable: row.default}) == same, row.variable
