"""The base class of all parts of a request, and the types that several of them use."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A part of a request: immutable, and without members that the schema does not list."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=False)


Line = Annotated[str, Field(min_length=1, max_length=1000)]
"""A short string."""
Path = Annotated[str, Field(min_length=1, max_length=400)]
"""The path of a file or folder."""
Url = Annotated[str, Field(min_length=1, max_length=2000)]
"""The URL of a file or repository."""
Text = Annotated[str, Field(max_length=32_000)]
"""The value of a variable, or a command."""
Name = Annotated[str, Field(min_length=1, max_length=63)]
"""A name that the user chooses."""
Shape = Annotated[list[Annotated[int, Field(ge=1, le=10_000_000)]], Field(min_length=1, max_length=8)]
"""The dimensions of the inputs or outputs of a model."""
Size = Annotated[int, Field(ge=1, le=10_000_000)]
"""The single dimension of the inputs or outputs of a model."""
Label = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
"""A string without line breaks, which is written as a label."""
