"""What the caller has used this month, and what the plan allows."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from access import quotas
from access.caller import Caller
from access.months import month_of, resets_at
from database import Database
from plans import Plan

_TAG = Tag(name="Usage", description="What was used this month, and what the plan allows.")


def create_blueprint(
    database: Database,
    *,
    caller: Callable[[], Caller],
    limits: Callable[[Caller], Plan | None],
    flush: Callable[[], object],
) -> APIBlueprint:
    """`caller` says who calls, `limits` gives the plan that limits a caller.

    `flush` returns when all that this process has spent is written.
    """
    blueprint = APIBlueprint("usage", __name__, abp_tags=[_TAG])

    @blueprint.get("/api/usage", summary="What you have used this month")
    def usage() -> Response:
        """`used` is spent, `reserved` set aside for jobs that are under way; `limits` are of both together.

        Months are those of UTC, `cost` is in US dollars, and a limit that is null is none.
        """
        who = caller()
        plan, month = limits(who), month_of(time.time())
        flush()
        with database.read() as tx:
            use = quotas.used(tx, who.owner, month)
        response = jsonify(
            plan=plan.name if plan else who.plan,
            period=month,
            resets_at=resets_at(month),
            used=use.spent.public(),
            reserved=use.reserved.public(),
            limits=plan.public() if plan else None,
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    return blueprint
