"""The audit trail: filters in the address, pages by cursor, a live tail that does not feed itself."""

from __future__ import annotations

import csv
import io
import json
from urllib.parse import unquote

from ostiary.store.records import EventRecord
from tests.console.people import Browser, Console
from tests.world import ACCOUNT, NOW, OTHER, document

READ = document("cloudtrail:LookupEvents")


def rows(browser: Browser, query: str = "") -> list[list[str]]:
    page = browser.get(f"/audit?{query}")
    assert page.status == 200, page.words
    return page.rows()


def watched(console: Console) -> Browser:
    """Somebody who sees the trail, after Ann did this and that."""
    ann = console.signed_in("ann", document(["iam:ListGroups", "iam:CreateGroup"]))
    console.gate.perform(*_as(console, "ann"), "iam", "CreateGroup", {"GroupName": "eng"})
    ann.get("/explain?principal=ann&action=iam:GetUser")
    return console.signed_in("auditor", READ)


def _as(console: Console, name: str) -> tuple[object, object]:
    from ostiary.authorization.context import RequestFacts

    facts = RequestFacts(
        request_id="00000000-0000-4000-8000-00000000aaaa",
        at=console.world.clock.now(),
        source_ip="10.1.2.3",
        secure=True,
        region="us-east-1",
    )
    return console.world.user(name), facts


def test_the_trail_shows_who_did_what_and_what_became_of_it(console: Console) -> None:
    browser = watched(console)
    found = rows(browser, "who=user/ann")
    assert ["user/ann", "iam:SimulatePrincipalPolicy", f"arn:aws:iam::{ACCOUNT}:user/ann", "Denied"] in [
        each[1:5] for each in found
    ]
    created = next(each for each in found if each[2] == "iam:CreateGroup")
    assert created[3:6] == [f"arn:aws:iam::{ACCOUNT}:group/eng", "Done", "10.1.2.3"]
    page = browser.page
    assert page is not None
    assert page.select("//a[contains(@href, '/explain?id=00000000-0000-4000-8000-00000000aaaa')]")


def test_every_filter_stands_in_the_address_and_narrows(console: Console) -> None:
    browser = watched(console)
    for query, expected in (
        ("action=iam:CreateGroup", {"iam:CreateGroup"}),
        ("action=CreateGroup", {"iam:CreateGroup"}),
        ("action=Create*&who=ann", {"iam:CreateGroup"}),
        ("action=signin:", {"signin:ConsoleLogin"}),
        ("text=group/eng", {"iam:CreateGroup"}),
        ("verdict=denied&action=Simulate*", {"iam:SimulatePrincipalPolicy"}),
        ("verdict=AccessDenied&who=ann&action=Simulate*", {"iam:SimulatePrincipalPolicy"}),
        ("address=10.1.2", {"iam:CreateGroup"}),
        ("access=write&who=ann&verdict=allowed", {"iam:CreateGroup", "signin:ConsoleLogin"}),
        ("request=00000000-0000-4000-8000-00000000aaaa", {"iam:CreateGroup"}),
        ("since=2026-11-23&until=2026-11-23&action=CreateGroup", {"iam:CreateGroup"}),
        ("who=somebody-who-is-gone", set()),
        ("until=2026-11-22", set()),
        ("address=%22%2C%22x", set()),
    ):
        assert {each[2] for each in rows(browser, query)} == expected, query
    page = browser.get("/audit?verdict=denied")
    assert page.select("//option[@value='denied'][@selected]")
    wrong = browser.get("/audit?since=yesterday")
    assert wrong.status == 400 and wrong.select("//*[@id='since-error']")


def test_pages_go_on_by_cursor_and_other_accounts_stay_out(console: Console) -> None:
    browser = console.signed_in("auditor", READ)
    at = int(NOW.timestamp()) - 1000
    body = json.dumps(
        {"requestID": "r", "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "eventTime": "", "n": 0},
        separators=(",", ":"),
    )
    with console.house.store.write() as tx:
        for number in range(120):
            account = OTHER if number % 6 == 5 else ACCOUNT
            tx.events.append([EventRecord(request_id=f"r{number}", account=account, at=at + number // 7, body=body)])
    seen = 0
    page = browser.get("/audit?action=s3:GetObject")
    for _ in range(5):
        seen += len(page.rows())
        more = page.select("//a[@rel='next']/@href")
        if not more:
            break
        page = browser.get(more[0])
    assert seen == 100


def test_without_permission_the_trail_says_so(console: Console) -> None:
    browser = console.signed_in("eve")
    page = browser.get("/audit")
    assert page.status == 403 and "cloudtrail:LookupEvents" in page.words and "You are not allowed" in page.words
    assert browser.get("/audit/download").status == 403
    assert browser.get("/audit/00000000-0000-4000-8000-00000000aaaa").status == 403


def test_the_trail_is_kept_as_csv_and_json(console: Console) -> None:
    browser = watched(console)
    text = browser.http.get("/audit/download?format=csv&action=CreateGroup").text
    (line,) = csv.DictReader(io.StringIO(text))
    assert line["who"] == f"arn:aws:iam::{ACCOUNT}:user/ann" and line["verdict"] == "allowed"
    kept = json.loads(browser.http.get("/audit/download?format=json&action=CreateGroup").text)
    assert [each["eventName"] for each in kept["Records"]] == ["CreateGroup"]
    assert "ostiary" not in kept["Records"][0]


def test_a_cell_that_would_be_a_formula_is_text() -> None:
    from ostiary.doors.console.sheets import sheet

    assert sheet(("a",), [["=1+1"], ["-x"], ["ok"], [None]]) == b"a\r\n'=1+1\r\n'-x\r\nok\r\n\"\"\r\n"


def test_an_event_is_shown_whole(console: Console) -> None:
    browser = watched(console)
    page = browser.get("/audit/00000000-0000-4000-8000-00000000aaaa")
    assert page.heading == "iam:CreateGroup" and '"groupName": "eng"' in page.select("//pre")[0].text_content()
    assert browser.get("/audit/no-such-event").status == 404


def looks(console: Console) -> int:
    return sum(each["eventName"] == "LookupEvents" for each in console.events())


def test_watching_live_is_recorded_once_and_decided_each_time(console: Console) -> None:
    browser = console.signed_in("auditor", READ)
    page = browser.get("/audit?live=1&who=auditor")
    poll = page.select("//*[@id='trail']/@hx-get")[0]
    assert "every 2s" in page.select("//*[@id='trail']/@hx-trigger")[0]
    before = looks(console)
    again = browser.get(poll, **{"hx-request": "true"})
    assert again.status == 200 and "<html" not in again.text and poll.split("live=")[1] in unquote(again.text)
    assert looks(console) == before  # not by its own polls
    browser.get(poll.replace("who=auditor", "who=ann"), **{"hx-request": "true"})
    assert looks(console) == before + 1
    browser.get(poll)  # so is the whole page
    assert looks(console) == before + 2
    console.world.call("iam:DeleteUserPolicy", UserName="auditor", PolicyName="test")
    assert "You are not allowed" in browser.get(poll, **{"hx-request": "true"}).text


def test_the_proof_of_a_live_tail_is_good_for_ten_minutes_and_one_session(console: Console) -> None:
    browser = console.signed_in("auditor", READ)
    poll = browser.get("/audit?live=1").select("//*[@id='trail']/@hx-get")[0]
    other = console.administrator()
    before = looks(console)
    other.get(poll, **{"hx-request": "true"})
    assert looks(console) == before + 1
    console.world.clock.advance(seconds=601)
    browser.get(poll, **{"hx-request": "true"})
    assert looks(console) == before + 2
