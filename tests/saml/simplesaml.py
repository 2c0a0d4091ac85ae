"""SimpleSAMLphp as an identity provider: Debian's package under PHP's own web server, in a directory of its own.

A user signs in with a password, as in a browser; the response is what the page would post to AWS.
"""

from __future__ import annotations

import html
import http.cookiejar
import os
import re
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, build_opener

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.needs import need
from tests.saml.idp import SIGN_IN, certificate, pem, rsa_key

HOME = Path("/usr/share/simplesamlphp")
PLAIN, ENCRYPTED = "urn:amazon:webservices", SIGN_IN
"""Two names of AWS, as two service providers: for the second the assertions are encrypted."""

CONFIG = """<?php
$config = [
    'baseurlpath' => '{url}/', 'certdir' => '{home}/', 'loggingdir' => '{home}/', 'datadir' => '{home}/',
    'tempdir' => '{home}/tmp', 'secretsalt' => 'a-salt-of-the-tests', 'auth.adminpassword' => 'not-needed',
    'technicalcontact_email' => 'na@example.org', 'timezone' => 'UTC', 'logging.handler' => 'file',
    'logging.level' => SimpleSAML\\Logger::WARNING, 'showerrors' => true, 'errorreporting' => false,
    'enable.saml20-idp' => true, 'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'session.cookie.secure' => false, 'session.cookie.samesite' => null, 'session.phpsession.savepath' => '{home}/tmp',
    'session.duration' => 3600, 'session.datastore.timeout' => 3600, 'session.state.timeout' => 3600,
    'session.cookie.name' => 'S', 'session.cookie.path' => '/', 'session.phpsession.cookiename' => 'P',
    'store.type' => 'phpsession', 'metadatadir' => '{home}/metadata', 'admin.checkforupdates' => false,
    'metadata.sources' => [['type' => 'flatfile', 'directory' => '{home}/metadata']],
];
"""
SOURCES = """<?php
$config = ['users' => ['exampleauth:UserPass', 'alice:wonderland' => {attributes}]];
"""
HOSTED = """<?php
$metadata['__DYNAMIC:1__'] = [
    'host' => '__DEFAULT__', 'privatekey' => 'idp.pem', 'certificate' => 'idp.crt', 'auth' => 'users',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
];
"""
REMOTE = """<?php
foreach (['{plain}' => false, '{encrypted}' => true] as $name => $hidden) {{
    $metadata[$name] = [
        'AssertionConsumerService' => '{sign_in}', 'assertion.encryption' => $hidden,
        'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
        'simplesaml.nameidattribute' => 'uid', 'simplesaml.attributes' => true, 'certificate' => 'sp.crt',
        'sharedkey_algorithm' => 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
    ];
}}
"""


@dataclass
class SimpleSaml:
    """A running SimpleSAMLphp."""

    url: str
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, home: Path, attributes: Mapping[str, Sequence[str]], ours: x509.Certificate) -> SimpleSaml:
        """One user, `alice` with the password `wonderland`; `ours`: what it encrypts for."""
        need((HOME / "www" / "saml2").is_dir(), "Debian's simplesamlphp is not installed")
        need(any((Path(each) / "php").exists() for each in os.get_exec_path()), "php is not installed")
        for name in ("config", "metadata", "tmp"):
            (home / name).mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        key = rsa_key("simplesaml")
        (home / "idp.pem").write_text(pem(key))
        (home / "idp.crt").write_bytes(certificate(key).public_bytes(Encoding.PEM))
        (home / "sp.crt").write_bytes(ours.public_bytes(Encoding.PEM))
        (home / "config" / "config.php").write_text(CONFIG.format(url=url, home=home))
        (home / "config" / "authsources.php").write_text(SOURCES.format(attributes=_php(attributes)))
        (home / "metadata" / "saml20-idp-hosted.php").write_text(HOSTED)
        (home / "metadata" / "saml20-sp-remote.php").write_text(
            REMOTE.format(plain=PLAIN, encrypted=ENCRYPTED, sign_in=SIGN_IN)
        )
        environment = {**os.environ, "SIMPLESAMLPHP_CONFIG_DIR": str(home / "config")}
        with (home / "php.log").open("wb") as log:
            command = ["php", "-d", "error_reporting=0", "-S", url.removeprefix("http://"), "-t", str(HOME / "www")]
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        made = cls(url, process)
        made._wait()
        return made

    def _wait(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                self.metadata()
                return
            except URLError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def metadata(self) -> str:
        """The document that an administrator downloads."""
        return _get(_browser(), f"{self.url}/saml2/idp/metadata.php")

    def sign_in(self, service: str = PLAIN) -> str:
        """The SAMLResponse for a user who opens the provider's link and gives the password."""
        browser = _browser()
        page = _get(browser, f"{self.url}/saml2/idp/SSOService.php?{urlencode({'spentityid': service})}")
        state = re.search(r'name="AuthState" value="([^"]+)"', page)
        assert state is not None, page
        form = {"username": "alice", "password": "wonderland", "AuthState": html.unescape(state[1])}
        page = _get(browser, f"{self.url}/module.php/core/loginuserpass.php", urlencode(form).encode())
        found = re.search(r'name="SAMLResponse" value="([^"]+)"', page)
        assert found is not None, page
        return html.unescape(found[1])


def _browser() -> OpenerDirector:
    return build_opener(ProxyHandler({}), HTTPCookieProcessor(http.cookiejar.CookieJar()))


def _get(browser: OpenerDirector, url: str, form: bytes | None = None) -> str:
    with browser.open(url, form, timeout=20) as answer:
        text: str = answer.read().decode()
    return text


def _php(attributes: Mapping[str, Sequence[str]]) -> str:
    items = (f"'{name}' => [{', '.join(repr(value) for value in values)}]" for name, values in attributes.items())
    return f"[{', '.join(items)}]"
