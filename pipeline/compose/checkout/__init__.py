"""Generate docker-compose.yml: the default request, with the settings that a checkout of this project adds."""

from pipeline.compose.checkout.default_request import default_request
from pipeline.compose.checkout.rendering import checkout_text

__all__ = ["checkout_text", "default_request"]
