"""PySAML2 as an identity provider: responses made by its server, signed by the xmlsec1 command."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from tests.needs import need
from tests.saml.idp import PERSISTENT, SIGN_IN, certificate, pem, rsa_key

ENTITY = "https://pysaml2.example.com/idp"
SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
DIGEST = "http://www.w3.org/2001/04/xmlenc#sha256"


class PySaml:
    """An identity provider that knows one service provider, by its metadata."""

    def __init__(self, home: Path, service_provider: Path) -> None:
        need(any((Path(each) / "xmlsec1").exists() for each in os.get_exec_path()), "xmlsec1 is not installed")
        from saml2.config import IdPConfig
        from saml2.metadata import entity_descriptor
        from saml2.server import Server

        key = rsa_key("pysaml2")
        (home / "key.pem").write_text(pem(key))
        (home / "key.crt").write_bytes(certificate(key).public_bytes(Encoding.PEM))
        config = IdPConfig().load(
            {
                "entityid": ENTITY,
                "key_file": str(home / "key.pem"),
                "cert_file": str(home / "key.crt"),
                "metadata": {"local": [str(service_provider)]},
                "service": {
                    "idp": {
                        "endpoints": {
                            "single_sign_on_service": [
                                (f"{ENTITY}/sso", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST")
                            ]
                        },
                        "policy": {"default": {"lifetime": {"minutes": 5}}},
                    }
                },
            }
        )
        self._server = Server(config=config)
        self.metadata = str(entity_descriptor(config))

    def response(
        self, attributes: Mapping[str, Sequence[str]], *, whole: bool, algorithm: str = SHA256, **more: Any
    ) -> str:
        """Signed is the response, or else the assertion."""
        from saml2.saml import NameID

        made = self._server.create_authn_response(
            {name: list(values) for name, values in attributes.items()},
            in_response_to=None,
            destination=SIGN_IN,
            sp_entity_id="urn:amazon:webservices",
            name_id=NameID(format=PERSISTENT, text="bob"),
            authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": ENTITY},
            sign_response=whole,
            sign_assertion=not whole,
            sign_alg=algorithm,
            digest_alg=DIGEST,
            **more,
        )
        return base64.b64encode(str(made).encode()).decode()
