"""The settings of the queue: nothing waits in it, nothing hangs on it, nothing is stored in it."""

from dataclasses import replace

from kombu.transport.redis import Channel

from engine import config
from engine.commands.duties import DUTIES
from workers import app as house


def test_beat_asks_as_often_as_the_threads_do() -> None:
    """Which entries there are is compared in tests/guards/test_beat.py."""
    for entry in house.BEAT.values():
        assert entry["schedule"] == DUTIES[entry["task"].removeprefix("workers.")].seconds
        assert entry["options"] == {"expires": entry["schedule"]}
    assert DUTIES["sweep_deadlines"].seconds <= 30


def test_the_brokers_options_are_known_to_kombu() -> None:
    """A misspelt option is ignored without a word."""
    assert set(house.BROKER) <= set(Channel.from_transport_options)
    assert house.BROKER["unacked_restore_throttle"] == 1
    assert 2 <= house.BROKER["unacked_restore_interval"] <= 5


def test_a_message_is_handed_out_again_only_after_its_task_must_have_ended() -> None:
    settings = house.configuration(replace(config.load(), redis_url="redis://queue:6379/0"))
    assert settings["broker_transport_options"]["visibility_timeout"] > 2 * settings["task_time_limit"]
    assert settings["task_acks_late"]
    assert settings["worker_prefetch_multiplier"] == 1


def test_only_json_is_read_and_nothing_is_stored() -> None:
    assert house.app.conf.accept_content == ["json"]
    assert house.app.conf.task_serializer == "json"
    assert house.app.conf.result_backend is None
    assert house.app.conf.task_ignore_result


def test_every_socket_has_a_timeout() -> None:
    assert house.BROKER["socket_timeout"] > 0
    assert house.BROKER["socket_connect_timeout"] > 0
    assert house.app.conf.broker_connection_timeout > 0
