"""A real browser: pages of another site upload by a form, and by `fetch` as far as the bucket's CORS rules go."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from tests.console.chromium import browsing
from tests.guarded.conftest import S3World

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]

NAME = "ein Maß für 2 %.txt"
FILE = "Größe\r\n--\x00".encode() * 40_000
FETCH = """async ([url, options]) => {
  try {
    const answer = await fetch(url, options);
    return {status: answer.status, etag: answer.headers.get("etag"), text: await answer.text()};
  } catch (error) { return {failed: error.name}; }
}"""


class Site:
    """Somebody's site: one page, whatever its address."""

    def __init__(self) -> None:
        self.page = "<!doctype html><title>site</title>"
        site = self

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = site.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def show_form(self, url: str, fields: Mapping[str, str]) -> None:
        hidden = "".join(f'<input type=hidden name="{escape(k)}" value="{escape(v)}">' for k, v in fields.items())
        self.page = (
            f'<!doctype html><title>site</title><form action="{escape(url)}" method=post enctype=multipart/form-data>'
            f"{hidden}<input type=file name=file><button>Upload</button></form>"
        )

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing() as made:
        yield made


@pytest.fixture(scope="module")
def client(guarded: S3World) -> Any:
    return guarded.s3(guarded.server.root, config={"signature_version": "s3v4"})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("file") / NAME
    path.write_bytes(FILE)
    return path


@contextmanager
def at(browser: Any, site: Site) -> Iterator[Any]:
    """The site, in a new window."""
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(site.origin)
        yield page
    finally:
        context.close()


def sent(page: Any, file: Path) -> Any:
    """Choose the file and press the button; the answer that the browser shows."""
    page.set_input_files("input[type=file]", file)
    with page.expect_navigation() as navigation:
        page.click("button")
    return navigation.value


def form(client: Any, bucket: str, **fields: str) -> dict[str, Any]:
    conditions = [{name: value} for name, value in fields.items()] + [["content-length-range", 1, 10_000_000]]
    made: dict[str, Any] = client.generate_presigned_post(bucket, "up/${filename}", fields, conditions)
    return made


def test_a_form_uploads_and_leads_back_to_the_site(
    guarded: S3World, client: Any, browser: Any, site: Site, file: Path
) -> None:
    bucket = guarded.bucket()
    site.show_form(**form(client, bucket, success_action_redirect=f"{site.origin}/done?of=this"))
    with at(browser, site) as page:
        assert sent(page, file).ok
        asked = urlsplit(page.url)
    there = client.get_object(Bucket=bucket, Key=f"up/{NAME}")
    assert there["Body"].read() == FILE
    assert f"{asked.scheme}://{asked.netloc}{asked.path}" == f"{site.origin}/done"
    said = {"of": ["this"], "bucket": [bucket], "key": [f"up/{NAME}"], "etag": [there["ETag"]]}
    assert parse_qs(asked.query) == said


def test_a_form_uploads_and_the_browser_shows_the_answer(
    guarded: S3World, client: Any, browser: Any, site: Site, file: Path
) -> None:
    bucket = guarded.bucket()
    more = {"success_action_status": "201", "Content-Type": "text/plain", "x-amz-meta-who": "me"}
    site.show_form(**form(client, bucket, **more))
    with at(browser, site) as page:
        answer = sent(page, file)
        document = ElementTree.fromstring(answer.body())
    assert (answer.status, document.tag, document.findtext("Key")) == (201, "PostResponse", f"up/{NAME}")
    there = client.get_object(Bucket=bucket, Key=f"up/{NAME}")
    assert (there["Body"].read(), there["ContentType"], there["Metadata"]) == (FILE, "text/plain", {"who": "me"})
    assert document.findtext("ETag") == there["ETag"]


def test_a_form_that_the_policy_does_not_allow_is_refused_and_leaves_nothing(
    guarded: S3World, client: Any, browser: Any, site: Site, file: Path
) -> None:
    bucket = guarded.bucket()
    given = form(client, bucket, success_action_status="201")
    with at(browser, site) as page:
        for change, code in (
            ({"key": "elsewhere/${filename}"}, "AccessDenied"),
            ({"success_action_status": "200"}, "AccessDenied"),
            ({"x-amz-signature": "0" * 64}, "SignatureDoesNotMatch"),
        ):
            site.show_form(given["url"], {**given["fields"], **change})
            page.goto(site.origin)
            answer = sent(page, file)
            assert (answer.status, ElementTree.fromstring(answer.body()).findtext("Code")) == (403, code)
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_page_of_another_site_does_what_the_rules_allow_and_reads_refusals(
    guarded: S3World, client: Any, browser: Any, site: Site
) -> None:
    bucket, closed = guarded.bucket(), guarded.bucket()
    rule = {"AllowedOrigins": [site.origin], "AllowedMethods": ["GET", "PUT", "POST"], "ExposeHeaders": ["ETag"]}
    rules = {"CORSRules": [{**rule, "AllowedHeaders": ["x-amz-*", "content-type"]}]}
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration=rules)
    where, meta = {"Bucket": bucket, "Key": "a b/ü"}, {"Metadata": {"who": "me"}}
    put = client.generate_presigned_url("put_object", Params={**where, **meta})
    get = client.generate_presigned_url("get_object", Params=where)
    delete = client.generate_presigned_url("delete_object", Params=where)
    elsewhere = client.generate_presigned_url("get_object", Params={"Bucket": closed, "Key": "a"})
    given = form(client, bucket)
    with at(browser, site) as page:

        def fetched(url: str, **options: Any) -> dict[str, Any]:
            found: dict[str, Any] = page.evaluate(FETCH, [url, options])
            return found

        written = fetched(put, method="PUT", body="häl", headers={"x-amz-meta-who": "me"})  # after a preflight
        there = client.get_object(**where)
        assert written == {"status": 200, "etag": there["ETag"], "text": ""}
        assert (there["Body"].read().decode(), there["Metadata"]) == ("häl", {"who": "me"})
        assert fetched(get) == {"status": 200, "etag": there["ETag"], "text": "häl"}
        for url, status, code in ((get[:-1], 403, "SignatureDoesNotMatch"), (get.split("?")[0], 403, "AccessDenied")):
            refused = fetched(url)
            assert (refused["status"], ElementTree.fromstring(refused["text"]).findtext("Code")) == (status, code)
        uploaded = page.evaluate(
            """async ([url, fields]) => {
              const form = new FormData();
              for (const [name, value] of Object.entries(fields)) form.append(name, value);
              form.append("file", new File(["one"], "1.txt"));
              return (await fetch(url, {method: "POST", body: form})).status;
            }""",
            [given["url"], given["fields"]],
        )
        assert uploaded == 204
        failed = {"failed": "TypeError"}
        assert fetched(delete, method="DELETE") == failed  # the preflight is refused
        assert fetched(put, method="PUT", body="no", headers={"x-amz-meta-who": "me", "x-other": "1"}) == failed
        assert fetched(elsewhere) == failed  # no rule: the answer is kept from the page
    assert client.get_object(**where)["Body"].read().decode() == "häl"
    assert client.get_object(Bucket=bucket, Key="up/1.txt")["Body"].read() == b"one"
