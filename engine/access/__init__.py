"""Who may do what: one closed list of verbs, one policy table, denied by default (rule 6).

Pure functions over plain values: an `Actor` (a person with the posts held today) and a scope (the few facts of a case,
a task or an organisation that decide). Tables are read elsewhere; engine.organisation.queries makes the actor.
"""

from engine.access.policy import POLICY, may, require
from engine.access.subjects import (
    ADMINISTRATORS,
    WORKING_KINDS,
    Absentee,
    Actor,
    CaseScope,
    OrganisationScope,
    PostRef,
    Reach,
    Subject,
    TaskScope,
    acts_for,
    in_pool,
    reach,
)
from engine.access.verbs import Verb

__all__ = [
    "ADMINISTRATORS",
    "POLICY",
    "WORKING_KINDS",
    "Absentee",
    "Actor",
    "CaseScope",
    "OrganisationScope",
    "PostRef",
    "Reach",
    "Subject",
    "TaskScope",
    "Verb",
    "acts_for",
    "in_pool",
    "may",
    "reach",
    "require",
]
