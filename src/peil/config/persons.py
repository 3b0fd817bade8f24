"""When records and contacts are taken to be of one person."""

from __future__ import annotations

from pydantic import Field

from peil.config.part import Part


class PersonsConfig(Part):
    """When records and contacts are taken to be of one person."""

    wrong_merge: float = Field(
        default=20.0, gt=0, description="what it costs to take two persons for one, beside `missed_merge`"
    )
    missed_merge: float = Field(default=1.0, gt=0, description="what it costs to take one person for two")
    shared_by: int = Field(
        default=8, ge=1, description="a mailbox or number of more persons than this says nothing of who it is"
    )
    most_contacts: int = Field(
        default=1_000, ge=1, description="a mailbox or number with more contacts than this is nobody's own"
    )
    own_handles: tuple[str, ...] = Field(
        default=(), description="the organisation's own numbers and mailboxes, which identify no customer"
    )
    learn: bool = Field(default=True, description="learn from the records what agreement is worth")
    clear_text: bool = Field(
        default=False,
        description="keep the fields by which customer records are compared in clear text: finds more, protects less",
    )
