"""`telex state rebuild` where there is nothing to rebuild; with a broker it is tested in tests/kafka."""


def test_a_log_that_keeps_its_state_in_one_file_has_nothing_to_rebuild(inside):
    ended = inside("state", "rebuild")
    assert ended.code == 2
    assert "is for a Kafka log; a sqlite log keeps events and memories in one file" in ended.words
    assert ended.out == b""


def test_an_action_has_to_be_named(inside):
    ended = inside("state")
    assert ended.code == 2
    assert "ACTION" in ended.words


def test_help_says_what_has_to_be_stopped(inside):
    ended = inside("state", "rebuild", "--help")
    assert ended.code == 0
    assert "Stop every `telex run` before, and start none until this has ended." in " ".join(ended.out.decode().split())


def test_a_catalogue_that_is_wrong_is_told_before_the_brokers_are_asked(inside):
    ended = inside(
        "state", "rebuild", "--catalogue", "nowhere.yaml", TELEX_LOG__KIND="kafka", TELEX_KAFKA="127.0.0.1:1"
    )
    assert ended.code == 2
    assert "nowhere.yaml" in ended.words


def test_brokers_that_are_away_are_named(inside, tmp_path):
    (tmp_path / "feeds.yaml").write_text("feeds: [{url: 'https://a.example/feed'}]\n")
    ended = inside(
        "state",
        "rebuild",
        TELEX_LOG__KIND="kafka",
        TELEX_KAFKA="127.0.0.1:1",
        TELEX_KAFKA__START_TIMEOUT="0",
    )
    assert ended.code == 1
    assert "127.0.0.1:1" in ended.words
