"""Session tokens, methods, and which instance a listener speaks for."""

from __future__ import annotations

import base64
import http.client
from dataclasses import replace

import pytest

from ostiary.doors.metadata import MetadataApp, MetadataOptions, local_instance
from ostiary.entropy import SystemEntropy

from .conftest import KEY, WEB_1, Door, serving

MAC = "/latest/meta-data/mac"


def require_tokens(door: Door) -> None:
    door.instances.change(options=MetadataOptions(http_tokens="required"))


def test_a_token_opens_the_metadata_and_tells_how_long_it_lives(door: Door) -> None:
    require_tokens(door)
    answer = door.ask("PUT", "/latest/api/token", X_aws_ec2_metadata_token_ttl_seconds="21600")
    assert answer.status == 200
    assert answer.headers["X-Aws-Ec2-Metadata-Token-Ttl-Seconds"] == "21600"
    assert answer.headers["Content-Type"] == "text/plain"
    assert len(answer.text) == 56
    shown = door.get(MAC, X_aws_ec2_metadata_token=answer.text)
    assert (shown.status, shown.text) == (200, WEB_1.mac)
    door.clock.advance(seconds=600)
    again = door.get(MAC, X_aws_ec2_metadata_token=answer.text)
    assert again.headers["X-Aws-Ec2-Metadata-Token-Ttl-Seconds"] == "21000"


@pytest.mark.parametrize("ttl", ["0", "21601", "-1", "+5", "1.5", "abc", "", " ", "999999"])
def test_a_token_life_outside_one_second_to_six_hours_is_a_bad_request(door: Door, ttl: str) -> None:
    assert door.ask("PUT", "/latest/api/token", X_aws_ec2_metadata_token_ttl_seconds=ttl).status == 400


def test_a_token_needs_a_life(door: Door) -> None:
    answer = door.ask("PUT", "/latest/api/token")
    assert answer.status == 400
    assert "<h1>400 - Bad Request</h1>" in answer.text


def test_a_forwarded_request_gets_no_token(door: Door) -> None:
    answer = door.ask(
        "PUT", "/latest/api/token", X_aws_ec2_metadata_token_ttl_seconds="60", X_Forwarded_For="198.51.100.7"
    )
    assert answer.status == 403


def test_version_one_is_open_unless_tokens_are_required(door: Door) -> None:
    assert door.get(MAC).status == 200
    require_tokens(door)
    answer = door.get(MAC)
    assert answer.status == 401
    assert "<h1>401 - Unauthorized</h1>" in answer.text
    assert door.get("/").status == 401


def test_a_bad_token_is_refused_even_where_version_one_is_open(door: Door) -> None:
    good = door.token(60)
    raw = bytearray(base64.urlsafe_b64decode(good))
    for bad in ("", "nonsense", good[:-4], good + "AAAA", "é"):
        assert door.get(MAC, X_aws_ec2_metadata_token=bad).status == 401
    for position in range(len(raw)):
        forged = raw.copy()
        forged[position] ^= 1
        assert door.get(MAC, X_aws_ec2_metadata_token=base64.urlsafe_b64encode(forged).decode()).status == 401
    assert door.get(MAC, X_aws_ec2_metadata_token=good).status == 200


def test_a_token_dies_when_its_time_is_over(door: Door) -> None:
    token = door.token(60)
    door.clock.advance(seconds=59)
    assert door.get(MAC, X_aws_ec2_metadata_token=token).status == 200
    door.clock.advance(seconds=1)
    assert door.get(MAC, X_aws_ec2_metadata_token=token).status == 401


def test_a_token_belongs_to_the_instance_that_asked_for_it(relay_door: Door) -> None:
    other = replace(WEB_1, instance_id="i-0other")
    relay_door.instances.views[other.instance_id] = other
    token = relay_door.token(60, X_ostiary_instance_id=WEB_1.instance_id)
    asked = {"X_aws_ec2_metadata_token": token}
    assert relay_door.get(MAC, **asked, X_ostiary_instance_id=WEB_1.instance_id).status == 200
    assert relay_door.get(MAC, **asked, X_ostiary_instance_id=other.instance_id).status == 401


def test_another_process_with_the_same_key_accepts_a_token_and_one_with_another_key_does_not(door: Door) -> None:
    token = door.token(60)
    for key, status in ((KEY, 200), (b"x" * 32, 401)):
        app = MetadataApp(door.instances, door.clock, SystemEntropy(), key=key, who_asks=local_instance)
        with serving(app) as port:
            second = Door(port, door.instances, door.clock)
            assert second.get(MAC, X_aws_ec2_metadata_token=token).status == status


def test_only_a_put_makes_a_token_and_only_at_latest(door: Door) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = door.ask(method, "/latest/api/token")
        assert (answer.status, answer.headers["Allow"], answer.body) == (405, "OPTIONS, PUT", b"")
    assert door.ask("PUT", "/2021-07-15/api/token", X_aws_ec2_metadata_token_ttl_seconds="60").status == 403


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH"])
def test_metadata_can_only_be_read(door: Door, method: str) -> None:
    assert door.ask(method, MAC).status == 405


def test_head_answers_the_headers_of_get(door: Door) -> None:
    answer = door.ask("HEAD", MAC)
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "17", b"")


def test_a_disabled_endpoint_forbids_everything(door: Door) -> None:
    door.instances.change(options=MetadataOptions(http_endpoint="disabled"))
    assert door.get(MAC).status == 403
    assert door.ask("PUT", "/latest/api/token", X_aws_ec2_metadata_token_ttl_seconds="60").status == 403


def test_the_loopback_listener_believes_no_header_about_the_instance(door: Door) -> None:
    door.instances.views["i-0other"] = replace(WEB_1, instance_id="i-0other")
    answer = door.get("/latest/meta-data/instance-id", X_ostiary_instance_id="i-0other")
    assert answer.text == WEB_1.instance_id
    door.instances.local = None
    assert door.get(MAC, X_ostiary_instance_id="i-0other").status == 404


def test_the_loopback_listener_answers_no_foreign_host_name(door: Door) -> None:
    for host, status in (("localhost:1338", 200), ("169.254.169.254", 200), ("[::1]:80", 200), ("evil.example", 404)):
        assert door.get(MAC, Host=host).status == status


def test_the_relay_listener_knows_only_running_instances_that_are_named(relay_door: Door) -> None:
    assert relay_door.get(MAC).status == 404
    assert relay_door.get(MAC, X_ostiary_instance_id="i-0unknown").status == 404
    assert relay_door.get(MAC, X_ostiary_instance_id=WEB_1.instance_id).text == WEB_1.mac


def test_one_connection_carries_many_requests(door: Door) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=10)
    connection.connect()
    first = connection.sock
    for _ in range(3):
        connection.request("GET", MAC)
        assert connection.getresponse().read() == WEB_1.mac.encode()
        assert connection.sock is first
    connection.close()
