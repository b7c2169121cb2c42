"""The route `/api/v1/compose/bundle`: a compose file with everything that it needs, as one zip file."""

from __future__ import annotations

import math

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from access_control.errors import AccessDenied
from access_control.gate import Limiter
from pipeline.bundles.bundle import Bundle
from pipeline.bundles.errors import BundleTooLarge, SourceError
from pipeline.bundles.urls import shown_url
from pipeline.control.audit import details_of
from pipeline.control.bundling import BundleMaker, BundleResponse
from pipeline.control.errors import QuotaExceeded, Refused
from pipeline.control.generation import Generation
from pipeline.control.requests import read_json_body, response_type, target_of
from pipeline.control.routes.documents import BUNDLE_RESPONSES, TARGET_PARAMETER, request_body
from pipeline.control.settings import ControlSettings
from serving.errors import Denied

ZIP = "application/zip"


def router(
    generation: Generation, maker: BundleMaker, limiter: Limiter, settings: ControlSettings
) -> APIRouter:
    """Return the route.

    Args:
        generation: the generator.
        maker: creates the bundles.
        limiter: counts the bundles of each key or address.
        settings: the settings, with the bundle quota.
    """
    routes = APIRouter(prefix="/api/v1/compose", tags=["compose"])

    @routes.post(
        "/bundle",
        summary="Fetch the data, models and code of a request, and return them with the generated file as a zip file",
        response_class=Response,
        responses=BUNDLE_RESPONSES,
        openapi_extra={"parameters": [TARGET_PARAMETER], "requestBody": request_body()},
    )
    async def bundle(request: Request) -> Response:
        response_type(request, (ZIP,))
        target = target_of(request)
        generated = await generation.generate(await read_json_body(request), target, for_bundle=True)
        details = details_of(request.scope)
        details["sources"] = [shown_url(file.source) for file in generated.files if file.source]
        _check_quota(request, limiter, settings)
        try:
            made, folder = await maker.make(generated)
        except (SourceError, BundleTooLarge) as error:
            details["refused"] = error.message[:300]
            raise Refused.of(error) from None
        details["fetched"] = _fetched(made)
        return BundleResponse(made, folder)

    return routes


def _check_quota(request: Request, limiter: Limiter, settings: ControlSettings) -> None:
    """Count a bundle of a key or an address.

    Raises:
        QuotaExceeded: the bundle quota is reached.
        Denied: the counters cannot be reached.
    """
    if settings.bundle_rate is None:
        return
    key, client = request.scope["key"], request.scope["client"]
    whose = f"key {key}" if key else f"address {client[0] if client else ''}"
    try:
        wait = limiter.take(f"bundles of {whose}", settings.bundle_rate)
    except AccessDenied as error:
        raise Denied(error) from None
    if wait:
        seconds = max(1, math.ceil(wait))
        message = (
            f"The {whose} has reached its bundle quota ({settings.bundle_rate}); try again in {seconds} s."
        )
        raise QuotaExceeded(message, seconds)


def _fetched(bundle: Bundle) -> list[dict[str, object]]:
    return [
        {"url": each.url, "version": each.commit or each.sha256, "bytes": each.size}
        for each in bundle.sources
    ]
