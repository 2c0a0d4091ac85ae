"""`--transparent`: programs that know no endpoint take ours for AWS."""

from __future__ import annotations

import json
import shutil
import stat
import sys
from pathlib import Path

import pytest

from tests.needs import need

from .conftest import Machine

TUTORIAL_HOST = "storage.joinc.s3.s3.ap-northeast-2.amazonaws.com"
TRANSPARENT = ("--transparent",)


@pytest.fixture(autouse=True)
def _curl() -> None:
    need(shutil.which("curl"), "curl is not installed")


def test_curl_trusts_the_endpoint_under_an_aws_name(machine: Machine) -> None:
    done = machine.run("curl", "-sS", f"https://{TUTORIAL_HOST}/file.go", options=TRANSPARENT)
    assert (done.returncode, done.stderr) == (0, "")
    assert "storage.joinc.s3" in done.stdout
    (asked,) = (asked for asked in machine.asked if asked.line.startswith("GET"))
    assert asked.line == "GET /file.go HTTP/1.1"
    assert asked.headers["Host"] == TUTORIAL_HOST


def test_python_trusts_the_endpoint_under_an_aws_name(machine: Machine) -> None:
    script = f"""
import http.client, json, ssl
connection = http.client.HTTPSConnection("{TUTORIAL_HOST}", context=ssl.create_default_context())
connection.request("GET", "/")
status = connection.getresponse().status
names = [value for kind, value in connection.sock.getpeercert()["subjectAltName"]]
print(json.dumps([status, names, connection.sock.version()]))
"""
    done = machine.run(sys.executable, "-c", script, options=TRANSPARENT)
    assert json.loads(done.stdout) == [200, [TUTORIAL_HOST], "TLSv1.3"], done.stderr


@pytest.mark.parametrize("host", ["iam.amazonaws.com", "s3.cn-north-1.amazonaws.com.cn", "lambda.us-east-1.api.aws"])
def test_every_aws_domain_leads_to_the_endpoint(machine: Machine, host: str) -> None:
    script = f"for scheme in https http; do curl -sS -o /dev/null -w '%{{http_code}} ' $scheme://{host}/; done"
    assert machine.run("sh", "-c", script, options=TRANSPARENT).stdout == "200 200 "


def test_names_outside_aws_do_not_exist_inside(machine: Machine) -> None:
    script = """
import socket
from tests.needs import need
from tests.needs import need
for name in ("example.com", "notamazonaws.com", "amazonaws.com", "bucket.localhost", "localhost"):
    try:
        print(name, sorted({found[4][0] for found in socket.getaddrinfo(name, 80)}))
    except socket.gaierror as error:
        print(name, error.errno == socket.EAI_NONAME)
"""
    done = machine.run(sys.executable, "-c", script, options=TRANSPARENT)
    assert done.stdout.splitlines()[:4] == [
        "example.com True",
        "notamazonaws.com True",
        "amazonaws.com ['169.254.171.1']",
        "bucket.localhost ['127.0.0.1']",
    ]
    assert "127.0.0.1" in done.stdout.splitlines()[4]


def test_without_transparent_aws_names_do_not_exist(machine: Machine) -> None:
    assert machine.run("curl", "-s", "https://iam.amazonaws.com/").returncode == 6  # could not resolve host


def test_a_name_outside_aws_gets_no_certificate(machine: Machine) -> None:
    script = "curl -s --connect-to example.com:443:iam.amazonaws.com:443 https://example.com/"
    assert machine.run("sh", "-c", script, options=TRANSPARENT).returncode == 35  # TLS handshake refused


def test_the_environment_points_to_certificates_and_to_no_endpoint(machine: Machine) -> None:
    done = machine.run("sh", "-c", "env; cat $SSL_CERT_FILE", options=TRANSPARENT)
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert "AWS_ENDPOINT_URL" not in found
    bundles = {
        found[name]
        for name in (
            "SSL_CERT_FILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE",
            "GIT_SSL_CAINFO",
        )
    }  # fmt: skip
    assert len(bundles) == 1
    system = Path("/etc/ssl/certs/ca-certificates.crt")
    if system.exists():
        assert done.stdout.count("BEGIN CERTIFICATE") == system.read_text().count("BEGIN CERTIFICATE") + 1
    assert "PRIVATE KEY" not in done.stdout


def test_the_authority_is_made_once_and_kept_from_others(machine: Machine) -> None:
    machine.run("true", options=TRANSPARENT)
    kept = machine.data / "ca" / "authority.pem"
    first = kept.read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    machine.run("true", options=TRANSPARENT)
    assert kept.read_bytes() == first


def test_the_aws_cli_reaches_the_endpoint_with_the_role_and_nothing_else_configured(machine: Machine) -> None:
    aws = Path(sys.executable).parent / "aws"
    if not aws.exists():
        need(False, "the aws CLI is not installed")
    done = machine.run(str(aws), "s3", "ls", options=TRANSPARENT)
    assert done.stdout.split()[-1] == "storage.joinc.s3", done.stderr
    (listing,) = (asked for asked in machine.asked if asked.line.startswith("GET / "))
    assert listing.headers["Host"].endswith(".amazonaws.com")
    assert "Credential=ASIAIOSFODNN7EXAMPLE/" in listing.headers["Authorization"]
