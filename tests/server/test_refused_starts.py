"""What `ostiary serve` refuses, and in which words."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.live import running
from tests.server.starting import serve

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("serving")]


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"OSTIARY_ROOT_ACCESS_KEY_ID": "AKIAGIVENGIVENGIVEN1"}, "OSTIARY_ROOT_SECRET_ACCESS_KEY"),
        ({"OSTIARY_ROOT_ACCOUNT_ID": "12"}, "twelve digits"),
        ({"OSTIARY_ROOT_ACCESS_KEY_ID": "short", "OSTIARY_ROOT_SECRET_ACCESS_KEY": "x"}, "access key id"),
        ({"OSTIARY_MASTER_KEY": "short"}, "OSTIARY_MASTER_KEY"),
    ],
)
def test_what_is_given_wrongly_is_refused(data: Path, environment: dict[str, str], word: str) -> None:
    done = serve(data, "--port", "0", "--metadata-port", "0", **environment)
    assert done.returncode == 1 and word in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--port", "--metadata-port"])
def test_a_taken_port_is_said_plainly(data: Path, option: str) -> None:
    other = {"--port": "--metadata-port", "--metadata-port": "--port"}[option]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = serve(data, option, port, other, "0")
    assert done.returncode == 1
    assert done.stderr == f"ostiary: port {port} can't be had: Address already in use; choose another with {option}\n"


def test_a_start_that_failed_keeps_no_secret_from_the_next(data: Path) -> None:
    """The account is founded before the ports are bound: the next start must still hand out its key."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert serve(data, "--port", str(taken.getsockname()[1]), "--metadata-port", "0").returncode == 1
    with running(data, "--no-s3") as server:
        assert server.client("sts").get_caller_identity()["Arn"].endswith(":root")


def test_plain_http_does_not_leave_this_machine(data: Path) -> None:
    done = serve(data, "--host", "0.0.0.0", "--port", "0", "--metadata-port", "0")
    assert done.returncode == 1
    assert "--tls-certificate" in done.stderr and "--insecure-plain-http" in done.stderr
    assert not data.exists()


def test_a_data_directory_that_is_none_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    done = serve(tmp_path / "data", "--port", "0", "--metadata-port", "0")
    assert done.returncode == 1 and "can't be used" in done.stderr and "Traceback" not in done.stderr
