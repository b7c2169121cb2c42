"""docker-compose.yml: the file of the default request, with what a checkout of this project adds to it."""

from pipeline.compose.checkout.default_request import default_request
from pipeline.compose.checkout.rendering import checkout_text

__all__ = ["checkout_text", "default_request"]
