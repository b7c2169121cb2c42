"""What all parts of a request have in common, and the types that several of them use."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A part of a request: it has no other members than those of the schema, and does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=False)


Line = Annotated[str, Field(min_length=1, max_length=1000)]
"""A short text."""
Path = Annotated[str, Field(min_length=1, max_length=400)]
"""A path of a file or folder."""
Url = Annotated[str, Field(min_length=1, max_length=2000)]
"""An address of a file or repository."""
Text = Annotated[str, Field(max_length=32_000)]
"""A text of any length that a variable or a command may have."""
Name = Annotated[str, Field(min_length=1, max_length=63)]
"""A name that the request chooses."""
Shape = Annotated[list[Annotated[int, Field(ge=1, le=10_000_000)]], Field(min_length=1, max_length=8)]
"""The dimensions of the inputs or outputs of a model."""
Size = Annotated[int, Field(ge=1, le=10_000_000)]
"""The single dimension of the inputs or outputs of a model."""
Label = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
"""A text in one line that is repeated in the generated file."""
