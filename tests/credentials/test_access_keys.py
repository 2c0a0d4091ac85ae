"""Ids of access keys carry their account, as AWS's own do."""

from __future__ import annotations

import base64
import binascii
import re

import pytest

from ostiary.credentials.access_keys import LONG_TERM, TEMPORARY, account_of, new_access_key_id, new_secret
from ostiary.entropy import RepeatableEntropy, SystemEntropy
from ostiary.identifiers import AccountId

# Key ids of real accounts, published with the account that GetAccessKeyInfo named for them:
# awsteele.com/blog/2020/09/26/aws-access-key-format.html and "A short note on AWS KEY ID" (Tal Be'ery, 2023).
PUBLISHED = {"ASIAY34FZKBOKMUTVV7A": "609629065308", "ASIAQNZGKIQY56JQ7WML": "029608264753"}
ACCOUNTS = ["000000000000", "000000000001", "111122223333", "549755813887", "999999999999"]


def published_decoding(key_id: str) -> str:
    """The decoding as it was published: five bytes of the base32 text, one bit further left."""
    head = int.from_bytes(base64.b32decode(key_id[4:])[:6], byteorder="big")
    return f"{(head & int.from_bytes(binascii.unhexlify('7fffffffff80'), 'big')) >> 7:012d}"


@pytest.mark.parametrize(("key_id", "account"), PUBLISHED.items())
def test_ids_that_aws_made_tell_their_account(key_id: str, account: str) -> None:
    assert account_of(key_id) == account
    assert published_decoding(key_id) == account


@pytest.mark.parametrize("prefix", [LONG_TERM, TEMPORARY])
@pytest.mark.parametrize("account", ACCOUNTS)
def test_ids_that_we_make_tell_their_account_to_others_too(account: str, prefix: str) -> None:
    made = new_access_key_id(prefix, AccountId(account), RepeatableEntropy(account))
    assert re.fullmatch(prefix + "[A-Z2-7]{16}", made)
    assert published_decoding(made) == account
    assert account_of(made) == account


def test_ids_of_one_account_differ() -> None:
    entropy = SystemEntropy()
    assert len({new_access_key_id(LONG_TERM, AccountId("111122223333"), entropy) for _ in range(2000)}) == 2000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AKIA",
        "AKIAIOSFODNN7EXAMPLE",
        "AROAY34FZKBOKMUTVV7A",
        "ASIAY34FZKBOKMUTVV7",
        "asiay34fzkbokmutvv7a",
        "ASIAY34FZKBOKMUTVV7A\n",
        "ASIAY34FZKBOKMUTVV70",
        "ASIA" + "7" * 16,
        "ÄSIAY34FZKBOKMUTVV7A",
    ],
)
def test_what_is_no_id_or_was_made_before_ids_told_an_account_tells_none(text: str) -> None:
    assert account_of(text) is None


def test_a_secret_has_forty_characters_of_aws_s_alphabet_and_repeats_with_its_entropy_only() -> None:
    entropy = SystemEntropy()
    made = {new_secret(entropy) for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9+/]{40}", each) for each in made)
    assert set("".join(made)) == set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    assert new_secret(RepeatableEntropy("a")) == new_secret(RepeatableEntropy("a"))
