"""Session tokens: all that they hold comes back, and nobody else can make or change one."""

from __future__ import annotations

import base64
import zlib

import msgspec
import pytest

from ostiary.credentials.access_keys import account_of
from ostiary.credentials.sessions import Session, SessionKind, SessionSeal, TokenInvalid
from ostiary.credentials.vault import seal
from ostiary.entropy import SystemEntropy
from ostiary.identifiers import AccountId

KEY = bytes(range(32))
WHOLE = Session(
    kind=SessionKind.ROLE,
    account="111122223333",
    principal_id="AROAEXAMPLEEXAMPLE123",
    access_key_id="ASIAXXXXXXXXXXXXXXXX",
    issued=1_800_000_000,
    expires=1_800_003_600,
    name="s1",
    policies=('{"Version":"2012-10-17","Statement":[]}', "ü" * 500),
    policy_arns=("arn:aws:iam::aws:policy/ReadOnlyAccess",),
    tags=(("Team", "blue"), ("Cost", "")),
    transitive_tag_keys=("Team",),
    source_identity="alice",
    mfa_at=1_799_999_990,
    provider="arn:aws:iam::111122223333:oidc-provider/example.com",
    chained=True,
    context=(("ec2:SourceInstanceARN", "arn:aws:ec2:us-east-1:111122223333:instance/i-1"),),
)
PLAIN = Session(
    kind=SessionKind.SESSION_TOKEN,
    account="111122223333",
    principal_id="AIDAEXAMPLE",
    access_key_id="ASIAYYYYYYYYYYYYYYYY",
    issued=1,
    expires=2,
)


@pytest.fixture
def sealing() -> SessionSeal:
    return SessionSeal(KEY, SystemEntropy())


@pytest.mark.parametrize("session", [WHOLE, PLAIN, msgspec.structs.replace(PLAIN, policies=())])
def test_another_process_reads_the_whole_session_and_derives_its_secret(sealing: SessionSeal, session: Session) -> None:
    given = sealing.issue(session)
    read, secret = SessionSeal(KEY, SystemEntropy()).read(given.session_token)
    assert read == session
    assert secret == given.secret_access_key
    assert (given.access_key_id, given.expires, len(secret)) == (session.access_key_id, session.expires, 40)


def test_no_policies_and_an_empty_list_of_policies_stay_two_things(sealing: SessionSeal) -> None:
    assert sealing.read(sealing.issue(PLAIN).session_token)[0].policies is None
    empty = msgspec.structs.replace(PLAIN, policies=())
    assert sealing.read(sealing.issue(empty).session_token)[0].policies == ()


def test_two_sessions_with_the_same_facts_have_different_tokens_and_secrets(sealing: SessionSeal) -> None:
    made = [sealing.issue(PLAIN) for _ in range(50)]
    assert len({each.session_token for each in made}) == len({each.secret_access_key for each in made}) == 50


def test_every_changed_byte_of_a_token_is_found(sealing: SessionSeal) -> None:
    raw = base64.b64decode(sealing.issue(PLAIN).session_token)
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 0x20]) + raw[place + 1 :]
        with pytest.raises(TokenInvalid):
            sealing.read(base64.b64encode(changed).decode())


@pytest.mark.parametrize(
    "token", ["", "x", "FwoGZXIvYXdzEXAMPLE==", "ü", "A" * 40_000, "CkpzMQ==", base64.b64encode(b"\x0aOs1").decode()]
)
def test_what_is_no_token_is_refused(sealing: SessionSeal, token: str) -> None:
    with pytest.raises(TokenInvalid):
        sealing.read(token)


def test_a_token_of_another_installation_is_refused(sealing: SessionSeal) -> None:
    with pytest.raises(TokenInvalid):
        sealing.read(SessionSeal(bytes(32), SystemEntropy()).issue(PLAIN).session_token)


def test_what_was_sealed_for_another_purpose_is_no_token(sealing: SessionSeal) -> None:
    plain = zlib.compress(msgspec.msgpack.encode(PLAIN))
    right, wrong = (seal(KEY, plain, purpose, SystemEntropy()) for purpose in ("session", "cookie"))
    assert sealing.read(base64.b64encode(b"\x0aOs1" + right).decode())[0] == PLAIN
    with pytest.raises(TokenInvalid):
        sealing.read(base64.b64encode(b"\x0aOs1" + wrong).decode())


def test_a_sealed_text_that_is_no_session_is_refused(sealing: SessionSeal) -> None:
    for plain in (b"not compressed", zlib.compress(b"\xff"), zlib.compress(msgspec.msgpack.encode({"kind": "king"}))):
        token = base64.b64encode(b"\x0aOs1" + seal(KEY, plain, "session", SystemEntropy())).decode()
        with pytest.raises(TokenInvalid):
            sealing.read(token)


def test_a_token_can_t_blow_up_the_memory(sealing: SessionSeal) -> None:
    bomb = zlib.compress(b"\0" * 50_000_000, 9)[:20_000]
    with pytest.raises(TokenInvalid):
        sealing.read(base64.b64encode(b"\x0aOs1" + seal(KEY, bomb, "session", SystemEntropy())).decode())


def test_the_id_of_a_session_tells_its_account(sealing: SessionSeal) -> None:
    made = sealing.new_access_key_id(AccountId("111122223333"))
    assert made.startswith("ASIA")
    assert account_of(made) == "111122223333"


def test_the_largest_session_that_sts_accepts_fits_into_a_token(sealing: SessionSeal) -> None:
    """50 tags of 128 and 256 characters, 2048 characters of policy, none of which can be compressed."""
    random = SystemEntropy()
    tags = tuple((random.draw(64).hex(), random.draw(128).hex()) for _ in range(50))
    session = msgspec.structs.replace(WHOLE, tags=tags, policies=(random.draw(1024).hex(),))
    token = sealing.issue(session).session_token
    assert SessionSeal(KEY, SystemEntropy()).read(token)[0] == session
