"""Wire: the HTTP status of errors that no service model lists.

Sources: IAM API reference, "Common errors"; EC2 API reference, "Error codes"; S3 API reference, "List of error codes";
the rest is the status of the exception in the models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

COMMON: Final[Mapping[str, int]] = {
    "AccessDenied": 403,
    "AccessDeniedException": 403,
    "AuthFailure": 401,
    "ExpiredToken": 403,
    "ExpiredTokenException": 403,
    "IncompleteSignature": 403,
    "IncompleteSignatureException": 403,
    "InternalError": 500,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "InternalServerException": 500,
    "InvalidClientTokenId": 403,
    "InvalidSignatureException": 403,
    "MissingAuthenticationToken": 403,
    "MissingAuthenticationTokenException": 403,
    "NotImplemented": 501,
    "OptInRequired": 403,
    "RequestEntityTooLarge": 413,
    "ResourceNotFoundException": 404,
    "ServiceUnavailable": 503,
    "ServiceUnavailableException": 503,
    "SignatureDoesNotMatch": 403,
    "UnauthorizedOperation": 403,
    "Unavailable": 503,
    "UnrecognizedClientException": 403,
}

JSON: Final[Mapping[str, int]] = {
    # AWS's json services answer the caller's mistakes with 400, these too.
    "AccessDeniedException": 400,
    "ExpiredTokenException": 400,
    "IncompleteSignatureException": 400,
    "InvalidSignatureException": 400,
    "MissingAuthenticationTokenException": 400,
    "ResourceNotFoundException": 400,
    "UnrecognizedClientException": 400,
}

EC2: Final[Mapping[str, int]] = {
    "DryRunOperation": 412,
    "MissingAuthenticationToken": 403,
    "SignatureDoesNotMatch": 403,
    "InsufficientInstanceCapacity": 500,
}

S3: Final[Mapping[str, int]] = {
    "AccountProblem": 403,
    "AllAccessDisabled": 403,
    "AuthorizationHeaderMalformed": 400,
    "AuthorizationQueryParametersError": 400,
    "BucketAlreadyExists": 409,
    "BucketAlreadyOwnedByYou": 409,
    "BucketNotEmpty": 409,
    "ConditionalRequestConflict": 409,
    "CrossLocationLoggingProhibited": 403,
    "ExpiredToken": 400,
    "InvalidAccessKeyId": 403,
    "InvalidBucketState": 409,
    "InvalidObjectState": 403,
    "InvalidPayer": 403,
    "InvalidRange": 416,
    "InvalidSecurity": 403,
    "InvalidToken": 400,
    "MethodNotAllowed": 405,
    "MissingContentLength": 411,
    "NoSuchAccessPoint": 404,
    "NoSuchBucket": 404,
    "NoSuchBucketPolicy": 404,
    "NoSuchCORSConfiguration": 404,
    "NoSuchConfiguration": 404,
    "NoSuchKey": 404,
    "NoSuchLifecycleConfiguration": 404,
    "NoSuchObjectLockConfiguration": 404,
    "NoSuchPublicAccessBlockConfiguration": 404,
    "NoSuchTagSet": 404,
    "NoSuchUpload": 404,
    "NoSuchVersion": 404,
    "NoSuchWebsiteConfiguration": 404,
    "NotModified": 304,
    "NotSignedUp": 403,
    "ObjectLockConfigurationNotFoundError": 404,
    "OperationAborted": 409,
    "OwnershipControlsNotFoundError": 404,
    "PermanentRedirect": 301,
    "PreconditionFailed": 412,
    "Redirect": 307,
    "ReplicationConfigurationNotFoundError": 404,
    "RequestTimeTooSkewed": 403,
    "RestoreAlreadyInProgress": 409,
    "ServerSideEncryptionConfigurationNotFoundError": 404,
    "SignatureDoesNotMatch": 403,
    "SlowDown": 503,
    "TemporaryRedirect": 307,
    "UnauthorizedAccess": 403,
    "UnsupportedMediaType": 415,
    "XAmzContentSHA256Mismatch": 400,
}

BY_PROTOCOL: Final[Mapping[str, Mapping[str, int]]] = {"json": JSON, "ec2": EC2, "smithy-rpc-v2-cbor": JSON}
BY_SERVICE: Final[Mapping[str, Mapping[str, int]]] = {"s3": S3, "s3control": S3}
