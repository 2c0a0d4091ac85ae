"""XML that is meant to harm: entities, document types, encodings, comments, size."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path

import pytest

import ostiary.saml
from ostiary.saml import NotMetadata, Problem, Rejected, read_metadata, read_response
from tests.saml.believing import ALICE, believed, expected, problem
from tests.saml.idp import Idp


@pytest.fixture(scope="module")
def idp() -> Idp:
    return Idp()


def signed(idp: Idp) -> str:
    return idp.response(idp.signed(idp.assertion(ALICE)))


def laughs(levels: int = 9) -> str:
    lines = ['<!ENTITY l0 "lol">', *(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, levels + 1))]
    return "<!DOCTYPE x [" + "".join(lines) + "]>"


DOCTYPES = {
    "a file": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "an address": '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/e">]>',
    "a parameter entity": '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>',
    "an external subset": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    "a public one": '<!DOCTYPE x PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://127.0.0.1:9/x.dtd">',
    "billion laughs": laughs(),
    "quadratic": f'<!DOCTYPE x [<!ENTITY e "{"a" * 50_000}">]>',
    "default attributes": '<!DOCTYPE x [<!ATTLIST x ID CDATA "_a1">]>',
    "empty": "<!DOCTYPE x>",
}


@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES)
def test_a_document_type_is_refused_before_anything_is_expanded_or_fetched(idp: Idp, doctype: str) -> None:
    name = "&l9;" if "l9" in doctype else "&e;"
    for xml in (doctype + signed(idp), doctype + signed(idp).replace("alice", name)):
        began = time.monotonic()
        assert problem(xml[:70_000], idp) is Problem.MALFORMED
        assert time.monotonic() - began < 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-7", "cp037"])
def test_another_encoding_hides_no_document_type(idp: Idp, encoding: str) -> None:
    xml = f'<?xml version="1.0" encoding="{encoding}"?>' + DOCTYPES["a file"] + signed(idp).replace("alice", "&e;")
    assert problem(xml.encode(encoding), idp) is Problem.MALFORMED


def test_a_declaration_that_lies_about_the_encoding_changes_nothing(idp: Idp) -> None:
    xml = idp.response(idp.signed(idp.assertion(ALICE, subject="zoë")))
    assert believed('<?xml version="1.0" encoding="ISO-8859-1"?>' + xml, idp).subject == "zoë"


def test_entities_that_nobody_declared_and_processing_instructions_are_refused(idp: Idp) -> None:
    assert problem(signed(idp).replace("alice", "&e;"), idp) is Problem.MALFORMED
    assert problem('<?xml-stylesheet href="http://127.0.0.1:9/"?>' + signed(idp), idp) is Problem.MALFORMED
    assert problem(signed(idp).replace("<saml:Subject>", "<?php x?><saml:Subject>"), idp) is Problem.MALFORMED


def test_a_comment_cuts_no_text(idp: Idp) -> None:
    """`admin@example.com<!---->.evil.org`, signed as one text, is not `admin@example.com` (CVE-2017-11427)."""
    whole = idp.response(idp.signed(idp.assertion({"role": ["admin.evil"]}, subject="admin@example.com.evil.org")))
    for hidden in ("<!---->", "<!-- a -->", "<!--x--><!--y-->"):
        cut = whole.replace("admin@example.com.evil.org", f"admin@example.com{hidden}.evil.org")
        cut = cut.replace("admin.evil<", f"admin{hidden}.evil<")
        assert cut != whole
        found = believed(cut, idp)
        assert found.subject == "admin@example.com.evil.org"
        assert found.values("role") == ("admin.evil",)


def test_a_comment_around_the_issuer_or_the_audience_cuts_nothing_either(idp: Idp) -> None:
    longer = idp.response(idp.signed(idp.assertion(ALICE, issuer=idp.entity_id + ".evil.org")))
    cut = longer.replace(idp.entity_id + ".evil.org", idp.entity_id + "<!---->.evil.org")
    assert problem(cut, idp) is Problem.ISSUER


def test_elements_inside_a_name_are_refused(idp: Idp) -> None:
    inside = idp.response(idp.signed(idp.assertion(ALICE, replaced={">alice<": ">ali<saml:b/>ce<"})))
    assert problem(inside, idp) is Problem.MALFORMED


def test_a_cdata_section_is_text(idp: Idp) -> None:
    xml = idp.response(idp.signed(idp.assertion(ALICE)))
    assert believed(xml.replace(">alice<", "><![CDATA[alice]]><"), idp).subject == "alice"


def test_what_is_too_long_is_not_even_decoded(idp: Idp) -> None:
    text = base64.b64encode(b"<" * 80_000).decode()
    assert len(text) > 100_000
    with pytest.raises(Rejected) as caught:
        read_response(text, expected(idp))
    assert caught.value.problem is Problem.MALFORMED


def test_what_is_too_deep_or_too_wide_is_refused_quickly(idp: Idp) -> None:
    began = time.monotonic()
    assert problem("<a>" * 5_000 + "</a>" * 5_000, idp) is Problem.MALFORMED
    assert problem(signed(idp).replace("</samlp:Response>", "<a/>" * 6_000 + "</samlp:Response>"), idp)
    assert problem("<a " + " ".join(f'b{n}="c"' for n in range(6_000)) + "/>", idp) is Problem.MALFORMED
    assert problem("<a " + " ".join(f'xmlns:b{n}="urn:{n}"' for n in range(3_000)) + "/>", idp) is Problem.MALFORMED
    assert time.monotonic() - began < 3


def test_an_element_with_thousands_of_attributes_is_refused_before_it_is_canonicalised(idp: Idp) -> None:
    """That takes the square of their number, once for each certificate of the provider, and anybody may post it."""
    many = "<q" + "".join(f" a{number}='1'" for number in range(6_000)) + "/>"
    xml = signed(idp).replace("<saml:Subject>", f"<saml:Advice>{many}</saml:Advice><saml:Subject>")
    assert "<saml:Advice>" in xml and problem(xml, idp) is Problem.MALFORMED
    hundred = "<q" + "".join(f" a{number}='1'" for number in range(100)) + "/>"
    assertion = idp.assertion(ALICE).replace("<saml:Subject>", f"<saml:Advice>{hundred}</saml:Advice><saml:Subject>")
    assert believed(idp.response(idp.signed(assertion)), idp)


def test_many_signatures_cost_nothing(idp: Idp) -> None:
    xml = signed(idp)
    signature = re.search(r"<ds:Signature .*</ds:Signature>", xml, re.DOTALL)
    assert signature is not None
    many = xml.replace("</saml:Assertion>", signature[0] * 10 + "</saml:Assertion>")
    assert problem(many, idp) in (Problem.MALFORMED, Problem.SIGNATURE)


@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES)
def test_metadata_has_no_document_type_either(idp: Idp, doctype: str) -> None:
    text = idp.metadata().replace("?>", "?>" + doctype, 1)
    with pytest.raises(NotMetadata):
        read_metadata(text)


def test_no_module_of_the_room_parses_xml_by_another_way() -> None:
    """The one parser of strangers' XML is `xml.parse`."""
    sources = sorted(Path(ostiary.saml.__file__).parent.glob("*.py"))
    assert len(sources) >= 8
    for source in sources:
        text = source.read_text()
        if source.name != "xml.py":
            assert not re.search(r"fromstring|XMLParser\(|etree\.parse|ElementTree|minidom|objectify", text), source
