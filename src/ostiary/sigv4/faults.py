"""Room `sigv4`: why a signature or a body is refused, and AWS's words for it in each family of protocols.

A `SignatureFault` says only *why* (a `Reason`) and the facts; `told(family)` gives the code, HTTP status and message.

Source: IAM User Guide "Troubleshoot Signature Version 4 signing", IAM API Reference "Common Errors", Amazon S3 API
Reference "Error responses", Amazon EC2 API Reference "Error codes"; answers of the live services where they are silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, unique
from types import MappingProxyType
from typing import Final


class Family(Enum):
    """Which of AWS's vocabularies the answer is written in."""

    QUERY = "query"  # IAM, STS, …: XML in the query protocol
    EC2 = "ec2"
    JSON = "json"  # AWS JSON 1.0 and 1.1: shape names, always status 400
    REST_JSON = "rest-json"  # the same shape names, with 403
    S3 = "s3"


@unique
class Reason(Enum):
    """Why a request isn't believed. One reason, one row of `WORDS`."""

    # who signs
    MISSING_AUTHENTICATION = "nothing presented"
    UNKNOWN_KEY = "no such access key, or it is inactive"
    INVALID_TOKEN = "the session token is not ours, or not this key's"
    EXPIRED_TOKEN = "the session is over"
    # how it is presented
    TWO_MECHANISMS = "a header and query parameters, or either twice"
    UNSUPPORTED_SCHEME = "an Authorization header of another scheme"
    SIGNATURE_VERSION_2 = "Signature Version 2"
    UNSUPPORTED_ALGORITHM = "another algorithm than AWS4-HMAC-SHA256"
    HEADER_PAIR = "a component of the Authorization header without `=`"
    HEADER_COMPONENTS = "components of the Authorization header missing"
    QUERY_PARAMETERS = "parameters of the presigned URL missing"
    HEADER_CREDENTIAL = "the credential of the header isn't AKID/date/region/service/aws4_request"
    QUERY_CREDENTIAL = "the credential of a presigned URL isn't either"
    DATE_MISSING = "neither X-Amz-Date nor Date"
    HEADER_DATE = "the date of the request is unreadable"
    QUERY_DATE = "the date of a presigned URL is unreadable"
    FORM_FIELD = "a form without one of the fields that its proof consists of"
    FORM_CREDENTIAL = "the credential of a form can't be used"
    FORM_DATE = "the date of a form is unreadable"
    EXPIRES_NOT_A_NUMBER = "X-Amz-Expires is no number"
    EXPIRES_NEGATIVE = "X-Amz-Expires is below one"
    EXPIRES_TOO_LONG = "X-Amz-Expires is above a week"
    # what the credential is scoped to
    HEADER_SCOPE_DATE = "the scope's date isn't the request's"
    QUERY_SCOPE_DATE = "the scope's date isn't the presigned URL's"
    HEADER_SCOPE_REGION = "the scope has no region"
    QUERY_SCOPE_REGION = "the scope of a presigned URL has no region"
    HEADER_SCOPE_SERVICE = "the scope is for another service"
    QUERY_SCOPE_SERVICE = "the scope of a presigned URL is for another service"
    HEADER_SCOPE_TERMINATOR = "the scope doesn't end in aws4_request"
    QUERY_SCOPE_TERMINATOR = "the scope of a presigned URL doesn't end in aws4_request"
    # when
    SIGNATURE_EXPIRED = "signed more than 15 minutes ago"
    SIGNATURE_NOT_YET = "signed more than 15 minutes ahead"
    PRESIGNED_EXPIRED = "the presigned URL's time is over"
    PRESIGNED_NOT_YET = "the presigned URL's time hasn't come"
    # the signature
    HOST_NOT_SIGNED = "the host header isn't signed"
    HEADERS_NOT_SIGNED = "x-amz-* headers that aren't signed"
    SIGNATURE = "the signature is another one"
    CHUNK_SIGNATURE = "the signature of a chunk or of the trailer is another one"
    # the body
    CONTENT_SHA256_MISSING = "S3 without x-amz-content-sha256"
    CONTENT_SHA256_INVALID = "x-amz-content-sha256 is neither a hash nor a known word"
    CONTENT_SHA256_MISMATCH = "the body has another SHA-256"
    DECODED_LENGTH_MISSING = "a chunked body without its decoded length"
    INCOMPLETE_BODY = "the body ends early, late, or can't be read as chunks"
    CHUNK_TOO_SMALL = "a chunk below 8 KiB that isn't the last"
    TRAILER_UNSUPPORTED = "x-amz-trailer announces something that isn't a checksum"
    TRAILER_MALFORMED = "the trailer isn't the announced one"
    CHECKSUM_HEADER_INVALID = "a checksum of the wrong length or not base64"
    CHECKSUM_HEADERS_MULTIPLE = "more than one checksum"
    CHECKSUM_ABSENT = "an algorithm is named and no checksum given"
    CHECKSUM_MISMATCH = "the body has another checksum"
    MD5_INVALID = "Content-MD5 isn't base64 of 16 bytes"
    MD5_MISMATCH = "the body has another MD5"


@dataclass(frozen=True, slots=True)
class Told:
    """A refusal in one family's words: error code, HTTP status, message."""

    code: str
    status: int
    message: str


class SignatureFault(Exception):
    """A request that isn't believed.

    `facts` fill the message; `details` are the further elements that S3 puts into its answer (they repeat what the
    client sent, never a secret access key, and stay out of `str()` so that they don't reach a log by accident).
    """

    def __init__(self, reason: Reason, details: Mapping[str, str] | None = None, **facts: str) -> None:
        self.reason: Final = reason
        self.facts: Final[Mapping[str, str]] = MappingProxyType(facts)
        self.details: Final[Mapping[str, str]] = MappingProxyType(dict(details or {}))
        super().__init__(reason.value)

    @property
    def message(self) -> str:
        """The wording of the query family."""
        return self.told(Family.QUERY).message

    def told(self, family: Family) -> Told:
        """The code, status and message of this refusal in the words of `family`."""
        row = WORDS[self.reason]
        words = {Family.S3: row.s3, Family.EC2: row.ec2}.get(family) or row.query
        code, status = words.code, words.status
        if family in _SHAPES:
            status, shapes = _SHAPES[family]
            code = shapes.get(code, code)
        return Told(code, status, words.message.format_map(self.facts))


@dataclass(frozen=True, slots=True)
class _Row:
    query: Told
    s3: Told
    ec2: Told | None = field(default=None)


_JSON_NAMES: Final = {
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "ExpiredToken": "ExpiredTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
}
_SHAPES: Final = {Family.JSON: (400, _JSON_NAMES), Family.REST_JSON: (403, _JSON_NAMES)}


def _incomplete(message: str) -> Told:
    return Told("IncompleteSignature", 400, message)


def _no_match(message: str) -> Told:
    return Told("SignatureDoesNotMatch", 403, message)


def _header_malformed(message: str) -> Told:
    return Told("AuthorizationHeaderMalformed", 400, f"The authorization header is malformed; {message}")


def _query_malformed(message: str) -> Told:
    return Told("AuthorizationQueryParametersError", 400, message)


def _credential_malformed(message: str) -> Told:
    return _query_malformed(f"Error parsing the X-Amz-Credential parameter; {message}")


def _body(code: str, status: int, message: str) -> _Row:
    """A fault of an S3 body; the other families have no words of their own for it."""
    told = Told(code, status, message)
    return _Row(told, told)


_MECHANISM = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
_AUTH_FAILURE = Told("AuthFailure", 401, "AWS was not able to validate the provided access credentials")
_EXPIRED_EC2 = Told("RequestExpired", 400, "Request has expired.")
_TOO_SKEWED = Told(
    "RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large."
)
_NO_DATE = Told("AccessDenied", 403, "AWS authentication requires a valid Date or x-amz-date header")
_UNSIGNED = Told("AccessDenied", 403, "There were headers present in the request which were not signed")
_BASIC_DATE = _incomplete(
    "Date must be in ISO-8601 'basic format'. Got '{got}'. See http://en.wikipedia.org/wiki/ISO_8601"
)
_FIVE = _incomplete(
    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{got}'."
)
_SCOPE_DATE = _no_match(
    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
    "'{got}' != '{day}', from '{time}'."
)
_SCOPE_REGION = _no_match("Credential should be scoped to a valid region. ")
_SCOPE_SERVICE = _no_match("Credential should be scoped to correct service: '{service}'. ")
_SCOPE_TERMINATOR = _no_match("Credential should be scoped with a valid terminator: 'aws4_request', not '{got}'. ")
_EXPIRED = _no_match("Signature expired: {time} is now earlier than {edge} ({now} - {minutes} min.)")
_NOT_YET = _no_match("Signature not yet current: {time} is still later than {edge} ({now} + {minutes} min.)")
_MALFORMED_CREDENTIAL = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
_OTHER_DATE = 'Invalid credential date "{got}". This date is not the same as X-Amz-Date: "{day}".'
_NO_REGION = "a non-empty region must be provided in the credential."
_OTHER_SERVICE = 'incorrect service "{got}". This endpoint belongs to "{service}".'
_OTHER_TERMINATOR = 'incorrect terminal "{got}". This endpoint uses "aws4_request".'
_THREE = _header_malformed(
    "the authorization header requires three components: Credential, SignedHeaders, and Signature."
)

WORDS: Final[Mapping[Reason, _Row]] = {
    Reason.MISSING_AUTHENTICATION: _Row(
        Told("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
        Told("AccessDenied", 403, "Access Denied"),
        Told("MissingParameter", 400, "The request must contain the parameter AWSAccessKeyId"),
    ),
    Reason.UNKNOWN_KEY: _Row(
        Told("InvalidClientTokenId", 403, "The security token included in the request is invalid."),
        Told("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
        _AUTH_FAILURE,
    ),
    Reason.INVALID_TOKEN: _Row(
        Told("InvalidClientTokenId", 403, "The security token included in the request is invalid."),
        Told("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
        _AUTH_FAILURE,
    ),
    Reason.EXPIRED_TOKEN: _Row(
        Told("ExpiredToken", 403, "The security token included in the request is expired"),
        Told("ExpiredToken", 400, "The provided token has expired."),
        _EXPIRED_EC2,
    ),
    Reason.TWO_MECHANISMS: _Row(
        _incomplete("Only one auth mechanism allowed; the request presents more than one."),
        Told(
            "InvalidArgument",
            400,
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
            "parameter or the Authorization header should be specified",
        ),
    ),
    Reason.UNSUPPORTED_SCHEME: _Row(
        _incomplete(
            "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' "
            "parameter. Authorization header requires 'SignedHeaders' parameter. (Hashed with SHA-256 and encoded "
            "with Base64) Authorization={hashed}"
        ),
        Told("InvalidArgument", 400, "Unsupported Authorization Type"),
    ),
    Reason.SIGNATURE_VERSION_2: _Row(_incomplete(_MECHANISM), Told("InvalidRequest", 400, _MECHANISM)),
    Reason.UNSUPPORTED_ALGORITHM: _Row(
        _incomplete("Unsupported AWS 'algorithm': '{got}'."), Told("InvalidRequest", 400, _MECHANISM)
    ),
    Reason.HEADER_PAIR: _Row(
        _incomplete(
            "Invalid key=value pair (missing equal-sign) in Authorization header "
            "(hashed with SHA-256 and encoded with Base64): '{hashed}'."
        ),
        _THREE,
    ),
    Reason.HEADER_COMPONENTS: _Row(
        _incomplete("{missing} (Hashed with SHA-256 and encoded with Base64) Authorization={hashed}"), _THREE
    ),
    Reason.QUERY_PARAMETERS: _Row(
        _incomplete("{missing} Re-examine the query-string parameters."),
        _query_malformed(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
            "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        ),
    ),
    Reason.HEADER_CREDENTIAL: _Row(_FIVE, _header_malformed(_MALFORMED_CREDENTIAL)),
    Reason.QUERY_CREDENTIAL: _Row(_FIVE, _credential_malformed(_MALFORMED_CREDENTIAL)),
    Reason.DATE_MISSING: _Row(
        _incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
            "(Hashed with SHA-256 and encoded with Base64) Authorization={hashed}"
        ),
        _NO_DATE,
    ),
    Reason.HEADER_DATE: _Row(_BASIC_DATE, _NO_DATE),
    Reason.QUERY_DATE: _Row(
        _BASIC_DATE, _query_malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    ),
    Reason.FORM_FIELD: _body(
        "InvalidArgument",
        400,
        "Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields.",
    ),
    Reason.FORM_CREDENTIAL: _body("InvalidArgument", 400, "{why}"),
    Reason.FORM_DATE: _body("InvalidArgument", 400, "X-Amz-Date must be formated via ISO8601 Long format"),
    Reason.EXPIRES_NOT_A_NUMBER: _Row(*2 * (_query_malformed("X-Amz-Expires should be a number"),)),
    Reason.EXPIRES_NEGATIVE: _Row(*2 * (_query_malformed("X-Amz-Expires must be non-negative"),)),
    Reason.EXPIRES_TOO_LONG: _Row(
        *2
        * (
            _query_malformed(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be "
                "less than 604800 seconds"
            ),
        )
    ),
    Reason.HEADER_SCOPE_DATE: _Row(_SCOPE_DATE, _header_malformed(_OTHER_DATE)),
    Reason.QUERY_SCOPE_DATE: _Row(_SCOPE_DATE, _query_malformed(_OTHER_DATE)),
    Reason.HEADER_SCOPE_REGION: _Row(_SCOPE_REGION, _header_malformed(_NO_REGION)),
    Reason.QUERY_SCOPE_REGION: _Row(_SCOPE_REGION, _credential_malformed(_NO_REGION)),
    Reason.HEADER_SCOPE_SERVICE: _Row(_SCOPE_SERVICE, _header_malformed(_OTHER_SERVICE)),
    Reason.QUERY_SCOPE_SERVICE: _Row(_SCOPE_SERVICE, _credential_malformed(_OTHER_SERVICE)),
    Reason.HEADER_SCOPE_TERMINATOR: _Row(_SCOPE_TERMINATOR, _header_malformed(_OTHER_TERMINATOR)),
    Reason.QUERY_SCOPE_TERMINATOR: _Row(_SCOPE_TERMINATOR, _credential_malformed(_OTHER_TERMINATOR)),
    Reason.SIGNATURE_EXPIRED: _Row(_EXPIRED, _TOO_SKEWED, _EXPIRED_EC2),
    Reason.SIGNATURE_NOT_YET: _Row(_NOT_YET, _TOO_SKEWED, _EXPIRED_EC2),
    Reason.PRESIGNED_EXPIRED: _Row(_EXPIRED, Told("AccessDenied", 403, "Request has expired"), _EXPIRED_EC2),
    Reason.PRESIGNED_NOT_YET: _Row(_NOT_YET, Told("AccessDenied", 403, "Request is not valid yet"), _EXPIRED_EC2),
    Reason.HOST_NOT_SIGNED: _Row(
        _no_match("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."), _UNSIGNED, _AUTH_FAILURE
    ),
    Reason.HEADERS_NOT_SIGNED: _Row(
        _no_match("'{names}' must be a 'SignedHeader' in the AWS Authorization."), _UNSIGNED, _AUTH_FAILURE
    ),
    Reason.SIGNATURE: _Row(
        _no_match(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details."
        ),
        _no_match(
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method."
        ),
        _AUTH_FAILURE,
    ),
    Reason.CHUNK_SIGNATURE: _body(
        "SignatureDoesNotMatch",
        403,
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
    ),
    Reason.CONTENT_SHA256_MISSING: _body(
        "InvalidRequest", 400, "Missing required header for this request: x-amz-content-sha256"
    ),
    Reason.CONTENT_SHA256_INVALID: _body(
        "InvalidArgument",
        400,
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER "
        "or a valid sha256 value.",
    ),
    Reason.CONTENT_SHA256_MISMATCH: _body(
        "XAmzContentSHA256Mismatch", 400, "The provided 'x-amz-content-sha256' header does not match what was computed."
    ),
    Reason.DECODED_LENGTH_MISSING: _body(
        "MissingContentLength", 411, "You must provide the Content-Length HTTP header."
    ),
    Reason.INCOMPLETE_BODY: _body("IncompleteBody", 400, "The request body terminated unexpectedly"),
    Reason.CHUNK_TOO_SMALL: _body(
        "InvalidChunkSizeError", 403, "Only the last chunk is allowed to have a size less than 8192 bytes"
    ),
    Reason.TRAILER_UNSUPPORTED: _body(
        "InvalidRequest", 400, "The value specified in the x-amz-trailer header is not supported"
    ),
    Reason.TRAILER_MALFORMED: _body(
        "MalformedTrailerError",
        400,
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    ),
    Reason.CHECKSUM_HEADER_INVALID: _body("InvalidRequest", 400, "Value for {header} header is invalid."),
    Reason.CHECKSUM_HEADERS_MULTIPLE: _body(
        "InvalidRequest",
        400,
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    ),
    Reason.CHECKSUM_ABSENT: _body(
        "InvalidRequest",
        400,
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers "
        "were found.",
    ),
    Reason.CHECKSUM_MISMATCH: _body(
        "BadDigest", 400, "The {algorithm} you specified did not match the calculated checksum."
    ),
    Reason.MD5_INVALID: _body("InvalidDigest", 400, "The Content-MD5 you specified was invalid."),
    Reason.MD5_MISMATCH: _body("BadDigest", 400, "The Content-MD5 you specified did not match what we received."),
}
