"""The settings of the readers: the ``read`` section of the configuration."""

from __future__ import annotations

import codecs
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

FieldName = Annotated[str, StringConstraints(min_length=1)]


class ReadSettings(BaseModel):
    """How inputs are read; every key can be given as ``--set read.KEY=VALUE``."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    encoding: str = Field(
        default="auto", description="'auto' to detect it, or the name of a Python text codec for all files"
    )
    text_field: FieldName = Field(default="text", description="the field of a row that holds the document")
    id_field: FieldName = Field(default="id", description="the field of a row that holds its id; optional in the data")
    title_field: FieldName = Field(default="title", description="the field of a row that holds the title; optional")
    url_field: FieldName = Field(default="url", description="the field of a row that holds the web address; optional")
    published_field: FieldName = Field(default="published", description="the field with the ISO 8601 date; optional")
    publisher_field: FieldName = Field(
        default="publisher", description="the field of a row that names the publisher; optional"
    )
    # The upper bound is what the csv module takes as a field size everywhere (a C long of 32 bits).
    max_bytes: int = Field(
        default=50_000_000, ge=1, lt=2**31, description="the largest document, in bytes (a row's: as UTF-8)"
    )
    dataset_split: FieldName = Field(default="train", description="the split of a Hugging Face dataset")
    dataset_revision: FieldName | None = Field(
        default=None, description="the commit, tag or branch of a Hugging Face dataset"
    )

    @field_validator("encoding")
    @classmethod
    def _known_codec(cls, name: str) -> str:
        """'auto' or the codec's canonical name. Raises ValueError for a name that is not a text codec."""
        if name == "auto":
            return name
        try:
            "".encode(name)
        except LookupError as error:
            raise ValueError(f"{name!r} is no text encoding; use 'auto' or a name such as utf-8 or cp932") from error
        return codecs.lookup(name).name
