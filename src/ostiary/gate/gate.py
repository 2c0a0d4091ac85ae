"""The one gate: every request, whoever sent it, goes this way.

route → authenticate → parse → authorize → operate → audit → respond. A step takes what the step before found; none
reaches back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec.structs import replace

from ostiary.audit.record import Happening
from ostiary.audit.writer import AuditWriter
from ostiary.authorization.caller import CallerKind
from ostiary.authorization.temporary import refusal
from ostiary.gate.authenticate import Authenticated, Authenticator, vouched_for
from ostiary.gate.authorize import Refused
from ostiary.gate.cross_origin import shared, told_to_pages
from ostiary.gate.denied import with_references
from ostiary.gate.forms import no_file, open_form
from ostiary.gate.operate import Together, carry_out
from ostiary.gate.parse import body_reader, facts_of, parse
from ostiary.gate.published import published
from ostiary.gate.recorded import parameters_for_record
from ostiary.gate.request import HttpRequest, HttpResponse
from ostiary.gate.respond import error_response, respond
from ostiary.gate.route import route, service_alone, streamed, uploads_form
from ostiary.gate.target import Target
from ostiary.gate.throttle import Throttle
from ostiary.gate.told import service_fault, shown
from ostiary.gate.trail import Route, Trail
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import OPERATIONS, Call, House, MustWait
from ostiary.services.outcome import Answer, Forward
from ostiary.services.s3.addresses import Endpoints, S3Refusal
from ostiary.services.s3.faults import of_refusal
from ostiary.services.s3.forms import form_request, read_form
from ostiary.services.s3.operations import PREFLIGHT
from ostiary.sigv4 import Presented, Reason, SignatureFault, Style, present, present_form
from ostiary.wire.faults import WireFault
from ostiary.wire.multipart import FormReader

_METHODS: Final = {Style.HEADER: "AuthHeader", Style.QUERY: "QueryString", Style.FORM: "HtmlForm"}
INTERNAL: Final = ("InternalFailure", "The request processing has failed because of an unknown error.")


class Gate:
    """Knows the house and nothing of sockets."""

    def __init__(self, house: House, audit: AuditWriter, report: Callable[[str], None]) -> None:
        self._house, self._audit, self._report = house, audit, report
        self._authenticator = Authenticator(house.book, house.seal)
        self._endpoints = Endpoints()
        self._throttle = Throttle(house.settings.throttle) if house.settings.throttle else None

    def streams(self, head: HttpRequest) -> bool:
        """Whether the body goes to the engine as it comes, rather than into memory."""
        return streamed(head, self._endpoints)

    def published(self, head: HttpRequest) -> HttpResponse | None:
        """What is there for everybody to read, and no operation: nothing of it is recorded."""
        return published(self._house, head, self._endpoints)

    def route(self, request: HttpRequest) -> Route:
        """Which service, which operation; a fault is kept for `answer`, so that it is recorded like any other."""
        try:
            routed = route(request, self._endpoints)
        except Exception as error:
            return Route(request=request, target=Target(), fault=self._unforeseen(request, error))
        target = routed.target
        operation = OPERATIONS.get((target.service, target.operation))
        return Route(request=request, target=target, fault=routed.fault, operation=operation)

    def takes_form(self, head: HttpRequest) -> bool:
        """Whether the body is an HTML form: feed the reader until its file begins, then `route_form`."""
        return uploads_form(head, self._endpoints)

    def form(self, head: HttpRequest) -> FormReader:
        """A reader for it. Raises `ServiceFault`."""
        return open_form(head.header("content-type"))

    def route_form(self, head: HttpRequest, form: FormReader | None, fault: ServiceFault | None = None) -> Route:
        """As `route`, for an upload by an HTML form as far as it was read; `fault`: what was wrong with it already."""
        routed = self.route(head)
        target = routed.target
        if fault is not None or form is None or target.s3 is None or routed.operation is None:
            return replace(routed, fault=routed.fault or fault)
        if not form.file_begun:
            return replace(routed, fault=no_file())
        try:
            fields = read_form(form.fields, form.filename)
            target = replace(target, s3=form_request(target.s3, fields))
        except S3Refusal as refusal:
            return replace(routed, fault=of_refusal(refusal))
        return replace(routed, target=target, form=form, fields=fields)

    def answer(self, route: Route) -> HttpResponse | Forward:
        """Take one request the whole way.

        Raises:
            MustWait: only where `route.patient` is not set; answer it again in a thread.
        """
        return shared(self._house.book, route.request, route.target, self._answer(route))

    def _answer(self, route: Route) -> HttpResponse | Forward:
        trail = Trail(route)
        try:
            outcome: Any = self._perform(route, trail)
            if isinstance(outcome, Forward):
                outcome.keep["trail"] = trail
                return outcome
            self._record(trail, outcome)
            return self._respond(trail, outcome)
        except (ServiceFault, WireFault, SignatureFault) as fault:
            told = service_fault(fault, route.target)
        except S3Refusal as refusal:
            told = of_refusal(refusal)
        except MustWait:
            raise
        except Exception as error:
            told = self._unforeseen(route.request, error)
        self._record(trail, told)
        return error_response(route.request, route.target, told)

    def judge(self, route: Route) -> Forward | None:
        """What may be sent to the engine, for a proxy that sends it; None for what is to come to `answer`, which tells
        and records why. Ask only about operations that the engine does.

        Raises:
            MustWait: only where `route.patient` is not set.
        """
        trail = Trail(route)
        try:
            outcome = self._perform(route, trail)
        except MustWait:
            raise
        except Exception:
            return None
        if not isinstance(outcome, Forward):
            return None
        outcome.keep["trail"] = trail
        return outcome

    def shares(self, route: Route) -> bool:
        """Whether the answer says something of the bucket's CORS rules."""
        return bool(told_to_pages(self._house.book, route.request, route.target))

    def answer_together(self, routes: Sequence[Route]) -> list[HttpResponse | Forward]:
        """Take changes the whole way, one after the other, and all of them to the disk at once.

        INVARIANT: none of the answers, not even a refusal, is there before the commit.
        """
        together = Together()
        try:
            with self._house.store.together():
                found = [self.answer(replace(route, patient=True, together=together)) for route in routes]
                together.write(self._house.store)
        except Exception as error:
            return [self._undone(route, error) for route in routes]
        self._audit.kept.update(together.texts)
        return found

    def _undone(self, route: Route, error: Exception) -> HttpResponse:
        told = self._unforeseen(route.request, error)
        self._record(Trail(route), told)
        return error_response(route.request, route.target, told)

    def finish(
        self, forward: Forward, error: tuple[str, str, int] | None, moved: tuple[int, int] | None = None
    ) -> None:
        """A forwarded request came to its end.

        Args:
            forward: what was sent.
            error: code, message and status when it failed.
            moved: bytes that came from the caller and went to the caller, where that is known.
        """
        trail: Trail = forward.keep["trail"]
        if trail.happening is not None and trail.target.data_event:
            told: dict[str, Any] = {}
            if trail.style is not None:
                told = {"SignatureVersion": "SigV4", "AuthenticationMethod": _METHODS[trail.style]}
            if moved is not None:
                told |= {"bytesTransferredIn": moved[0], "bytesTransferredOut": moved[1]}
            trail.happening = replace(trail.happening, additional=told)
        self._record(trail, ServiceFault(*error) if error else None)

    def too_large(self, head: HttpRequest) -> HttpResponse:
        """The answer to a body that is longer than is read into memory."""
        self._house.book.refresh()
        target = service_alone(head)
        s3 = target.service == "s3"
        code, status = ("MaxMessageLengthExceeded", 400) if s3 else ("RequestEntityTooLarge", 413)
        fault = ServiceFault(code, "Your request was too large.", status)
        self._record(Trail(Route(request=head, target=target)), fault)
        told = error_response(head, target, fault)
        pages = told_to_pages(self._house.book, head, self.route(head).target) if s3 else ()
        return replace(told, headers=(*told.headers, *pages))

    def fault_response(self, forward: Forward, fault: ServiceFault) -> HttpResponse:
        """An answer in S3's words to a request that could not be forwarded to its end."""
        trail: Trail = forward.keep["trail"]
        told = error_response(trail.request, trail.target, fault)
        return replace(told, headers=(*told.headers, *forward.cross_origin)) if forward.cross_origin else told

    def _perform(self, route: Route, trail: Trail) -> Any:
        request, target = route.request, route.target
        self._house.book.refresh()
        presented = present(request.method, request.raw_path, request.raw_query, request.headers)
        if route.fields is not None:
            in_form = present_form(route.fields.fields)
            if presented is not None:
                raise SignatureFault(Reason.TWO_MECHANISMS)
            presented = in_form
        if target.operation == PREFLIGHT:
            presented = None  # browsers ask at the address of the request to come, whose signature is not this one's
        trail.claimed_key = presented.akid if presented else ""
        trail.style = presented.style if presented else None
        known = self._authenticate(route, presented, trail)
        if self._throttle is not None:
            whose = known.caller.account or request.source_ip  # nobody uses up what all who have no key share
            slower = self._throttle.refusal(target, whose, request.at.timestamp())
            if slower is not None:
                raise slower
        if route.fault is not None:
            raise route.fault
        assert route.operation is not None
        call = parse(route, known, presented, self._house)
        trail.happening = self._happening(trail, call)
        call = vouched_for(route.operation, call)
        if call.vouched is not None:
            trail.caller = call.caller
            asked = {**(trail.happening.parameters or {}), **call.vouched.told}
            trail.happening = replace(
                trail.happening, caller=call.caller, account=call.vouched.account, parameters=asked
            )
        told = refusal(call.caller, target.service, target.operation)
        if told is not None:
            raise ServiceFault(*told, 403)
        try:
            given, permitted, trail.recorded = carry_out(
                route.operation, call, trail.happening, target.output_shape, self._audit.kept, route.together
            )
        except Refused as refused:
            raise with_references(refused, call) from None
        judgements = (*permitted.judgements, *call.further)
        if judgements and not trail.recorded:
            trail.happening = replace(trail.happening, judgements=judgements)
        if isinstance(given, Forward) and given.body is None:
            given.keep["reader"] = body_reader(route, known)
        return given

    def _authenticate(self, route: Route, presented: Presented | None, trail: Trail) -> Authenticated:
        request, target = route.request, route.target
        open_to_all = target.service == "s3" or (route.operation is not None and route.operation.anonymous)
        if presented is None and not open_to_all:
            raise ServiceFault("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
        signing_name = target.signing_name or (presented.scope.service if presented else "")
        if route.fields is not None and target.s3 is not None:
            known = self._authenticator.authenticate_form(route.fields, target.s3, presented, request.at)
        else:
            known = self._authenticator.authenticate(request, presented, signing_name)
        caller = trail.caller = known.caller
        if presented is not None:
            at = int(request.at.timestamp())
            if caller.session is None:
                region, agent = presented.scope.region, request.header("user-agent")
                self._audit.note_use(caller.access_key_id, at, signing_name, region, agent, request.source_ip)
            elif caller.kind is CallerKind.ROLE_SESSION:
                self._audit.note_role_use(caller.entity_id, at, presented.scope.region)
        return known

    def _happening(self, trail: Trail, call: Call | None) -> Happening:
        target = trail.target
        return Happening(
            facts=call.facts if call else facts_of(trail.request, None, self._house),
            caller=trail.caller,
            claimed_key=trail.claimed_key,
            event_source=target.event_source,
            event_name=target.operation,
            account=trail.caller.account if trail.caller else "",
            read_only=target.read_only,
            data_event=target.data_event,
            parameters=parameters_for_record(target, call.params if call else {}),
        )

    def _record(self, trail: Trail, outcome: Any) -> None:
        if trail.recorded:
            return
        happening = trail.happening or self._happening(trail, None)
        if isinstance(outcome, Refused):
            happening = replace(happening, judgements=outcome.judgements)
        if isinstance(outcome, ServiceFault):
            message = f"{outcome.message} ({outcome.cause})" if outcome.cause else outcome.message
            happening = replace(happening, error=(outcome.code, message))
        trail.recorded = True
        self._audit.note(happening)

    def _respond(self, trail: Trail, outcome: Any) -> HttpResponse:
        if isinstance(outcome, Answer):
            return HttpResponse(status=outcome.status, headers=outcome.headers, body=outcome.body)
        return respond(trail.request, trail.target, outcome)

    def _unforeseen(self, request: HttpRequest, error: Exception) -> ServiceFault:
        self._report(f"{request.request_id}: {shown(error)}")
        return ServiceFault(*INTERNAL, 500)
