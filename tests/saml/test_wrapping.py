"""Signature wrapping: a valid signature, moved, beside something that nobody signed.

The eight shapes are those of Somorovsky, Mayer, Schwenk, Kampmann, Jensen, "On Breaking SAML: Be Whoever You Want to
Be" (USENIX Security 2012), as SAML Raider names them XSW1–XSW8; then further ones that were found later.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
from lxml import etree

from ostiary.saml import Problem, Rejected, response
from ostiary.saml.xml import DS, SAML, SAMLP
from tests.saml.believing import ALICE, believed, problem
from tests.saml.idp import Idp

EVIL = "mallory"
SIGNATURE, ASSERTION = DS + "Signature", SAML + "Assertion"
Tree = etree._Element


@pytest.fixture(scope="module")
def idp() -> Idp:
    return Idp()


def parsed(xml: str) -> Tree:
    return etree.fromstring(xml.encode())


def child(element: Tree, tag: str) -> Tree:
    found = element.find(tag)
    assert found is not None
    return found


def evil(element: Tree, name: str) -> Tree:
    """A copy without a signature, with another subject and another id."""
    made = deepcopy(element)
    for signature in made.findall(SIGNATURE):
        made.remove(signature)
    made.set("ID", name)
    for subject in made.iter(SAML + "NameID"):
        subject.text = EVIL
    for inner in made.findall(ASSERTION):
        for signature in inner.findall(SIGNATURE):
            inner.remove(signature)
        inner.set("ID", name + "_a")
    return made


def into_object(signature: Tree, *content: Tree) -> None:
    held = etree.SubElement(signature, DS + "Object")
    held.extend(content)


def xsw1(root: Tree) -> Tree:
    """The signed response, in its own signature, in an evil response."""
    made = evil(root, "_evil")
    signature = child(root, SIGNATURE)
    root.remove(signature)
    signature.append(root)
    made.insert(1, signature)
    return made


def xsw2(root: Tree) -> Tree:
    """The signed response beside its signature, in an evil response."""
    made = evil(root, "_evil")
    signature = child(root, SIGNATURE)
    root.remove(signature)
    made.insert(1, root)
    made.insert(2, signature)
    return made


def xsw3(root: Tree) -> Tree:
    """An evil assertion before the signed one."""
    original = child(root, ASSERTION)
    original.addprevious(evil(original, "_evil"))
    return root


def xsw4(root: Tree) -> Tree:
    """The signed assertion in the evil one."""
    original = child(root, ASSERTION)
    made = evil(original, "_evil")
    original.addprevious(made)
    made.append(original)
    return root


def xsw5(root: Tree) -> Tree:
    """The signature in the evil assertion, the signed one at the end."""
    original = child(root, ASSERTION)
    signature = child(original, SIGNATURE)
    made = evil(original, "_evil")
    original.remove(signature)
    made.insert(1, signature)
    original.addprevious(made)
    return root


def xsw6(root: Tree) -> Tree:
    """The signed assertion in its signature in the evil assertion."""
    original = child(root, ASSERTION)
    signature = child(original, SIGNATURE)
    made = evil(original, "_evil")
    original.remove(signature)
    original.addprevious(made)
    signature.append(original)
    made.insert(1, signature)
    return root


def xsw7(root: Tree) -> Tree:
    """The evil assertion, with the same id, in Extensions before the signed one."""
    original = child(root, ASSERTION)
    extensions = etree.Element(SAMLP + "Extensions")
    extensions.append(evil(original, str(original.get("ID"))))
    original.addprevious(extensions)
    return root


def xsw8(root: Tree) -> Tree:
    """The signed assertion in an Object of the signature, which the evil assertion with the same id holds."""
    original = child(root, ASSERTION)
    signature = child(original, SIGNATURE)
    made = evil(original, str(original.get("ID")))
    original.remove(signature)
    original.addprevious(made)
    into_object(signature, original)
    made.insert(1, signature)
    return root


def same_id(root: Tree) -> Tree:
    """The evil assertion with the id of the signed one, which is hidden in an Extensions."""
    original = child(root, ASSERTION)
    made = evil(original, str(original.get("ID")))
    original.addprevious(made)
    extensions = etree.Element(SAMLP + "Extensions")
    extensions.append(original)
    root.insert(1, extensions)
    made.insert(1, deepcopy(child(original, SIGNATURE)))
    return root


def other_id_attribute(root: Tree) -> Tree:
    """The evil assertion has the id that is referred to as `Id`."""
    original = child(root, ASSERTION)
    made = evil(original, "_evil")
    made.set("Id", str(original.get("ID")))
    original.addprevious(made)
    into_object(child(original, SIGNATURE))
    return root


def in_status_detail(root: Tree) -> Tree:
    """The signed assertion in StatusDetail, an evil one in its place with the signature."""
    original = child(root, ASSERTION)
    made = evil(original, "_evil")
    made.insert(1, deepcopy(child(original, SIGNATURE)))
    original.addprevious(made)
    detail = etree.SubElement(child(root, SAMLP + "Status"), SAMLP + "StatusDetail")
    detail.append(original)
    return root


def in_advice(root: Tree) -> Tree:
    """The signed assertion as Advice of the evil one."""
    original = child(root, ASSERTION)
    made = evil(original, "_evil")
    advice = etree.SubElement(made, SAML + "Advice")
    original.addprevious(made)
    advice.append(original)
    return root


def moved_to_the_response(root: Tree) -> Tree:
    """The assertion's signature as if it were the response's, the assertion evil."""
    original = child(root, ASSERTION)
    signature = child(original, SIGNATURE)
    original.remove(signature)
    for subject in original.iter(SAML + "NameID"):
        subject.text = EVIL
    root.insert(1, signature)
    return root


OF_RESPONSE = [xsw1, xsw2]
OF_ASSERTION = [
    xsw3, xsw4, xsw5, xsw6, xsw7, xsw8, same_id, other_id_attribute, in_status_detail, in_advice, moved_to_the_response
]  # fmt: skip


@pytest.mark.parametrize("wrap", OF_RESPONSE, ids=lambda wrap: wrap.__name__)
def test_a_signed_response_that_was_wrapped_is_refused(idp: Idp, wrap: Callable[[Tree], Tree]) -> None:
    signed = idp.signed(idp.response(idp.assertion(ALICE)))
    assert believed(signed, idp).subject == "alice"
    made = etree.tostring(wrap(parsed(signed)), encoding="unicode")
    assert EVIL in made and "SignatureValue" in made
    assert problem(made, idp) in (Problem.MALFORMED, Problem.SIGNATURE)


@pytest.mark.parametrize("wrap", OF_ASSERTION, ids=lambda wrap: wrap.__name__)
@pytest.mark.parametrize("also_response", [False, True], ids=["assertion", "both"])
def test_a_signed_assertion_that_was_wrapped_is_refused(
    idp: Idp, wrap: Callable[[Tree], Tree], also_response: bool
) -> None:
    signed = idp.response(idp.signed(idp.assertion(ALICE)))
    if also_response:
        signed = idp.signed(signed)
    made = etree.tostring(wrap(parsed(signed)), encoding="unicode")
    assert EVIL in made and "SignatureValue" in made
    assert problem(made, idp) in (Problem.MALFORMED, Problem.SIGNATURE)


def test_a_signature_of_the_whole_document_by_an_empty_reference_is_refused(idp: Idp) -> None:
    """SAML wants the id of what is signed; an empty URI means whatever is the root when it is read."""
    signed = idp.response(idp.signed(idp.assertion(ALICE)))
    assert problem(signed.replace('URI="#_a1"', 'URI=""'), idp) is Problem.SIGNATURE


def test_a_second_reference_in_a_signature_is_refused(idp: Idp) -> None:
    root = parsed(idp.response(idp.signed(idp.assertion(ALICE))))
    reference = next(root.iter(DS + "Reference"))
    reference.addnext(deepcopy(reference))
    assert problem(etree.tostring(root), idp) is Problem.SIGNATURE


def test_a_transform_that_could_choose_what_is_signed_is_refused(idp: Idp) -> None:
    for algorithm in (
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    ):
        root = parsed(idp.response(idp.signed(idp.assertion(ALICE))))
        list(root.iter(DS + "Transform"))[1].set("Algorithm", algorithm)
        assert problem(etree.tostring(root), idp) is Problem.SIGNATURE


@pytest.mark.parametrize("wrap", OF_RESPONSE + OF_ASSERTION, ids=lambda wrap: wrap.__name__)
def test_even_without_the_check_of_shape_nothing_unsigned_is_read(
    idp: Idp, wrap: Callable[[Tree], Tree], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second line: what is read is what was hashed."""
    monkeypatch.setattr(response, "_check_shape", lambda _root: None)
    plain = idp.assertion(ALICE)
    signed = idp.signed(idp.response(plain)) if wrap in OF_RESPONSE else idp.response(idp.signed(plain))
    made = etree.tostring(wrap(parsed(signed)))
    try:
        found = believed(made, idp)
    except Rejected:
        return
    assert found.subject == "alice"
