"""Build the checked stack from a request."""

from pipeline.compose.building.assembly import stack_of

__all__ = ["stack_of"]
