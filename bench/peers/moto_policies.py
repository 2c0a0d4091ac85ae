"""moto's evaluation as its server calls it: document by document, each read anew; neither conditions nor variables."""

from __future__ import annotations

from moto.iam.access_control import IAMPolicy, PermissionResult

from bench.peers import Turn, one_by_one
from bench.policies import Work


def turn(work: Work) -> Turn:
    """The documents as they are."""

    def allows(at: int) -> bool:
        request, permitted = work.requests[at], False
        for text in work.documents:
            said = IAMPolicy({"policy_document": text}).is_action_permitted(request.action, request.resource)
            if said is PermissionResult.DENIED:
                return False
            permitted = permitted or said is PermissionResult.PERMITTED
        return permitted

    return one_by_one(allows, len(work.requests))
