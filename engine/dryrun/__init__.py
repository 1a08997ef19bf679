"""推演: a procedure tried out on the real engine in a sandbox, with a calendar one can move; scenarios that a publish
must not break; past cases gone through again on a draft (P5). Nothing live is read but calendar and parameters,
nothing written but the walk.

on = dryrun.stage(session, "opinion", files)                    # a draft's files, or a version's
play = dryrun.play(on, starts_at, walk)                         # acts as data: engine.dryrun.acts
dryrun.see(play)                                                # where it stands
dryrun.failing(session, "opinion", files)                       # scenarios these files break
"""

from engine.dryrun.acting import PRESETS
from engine.dryrun.expecting import Checked, check, first_difference, proposals, read, text
from engine.dryrun.factory import import_factory
from engine.dryrun.filling import Sheet, extra_sheet, registration, sheet
from engine.dryrun.observing import Observation
from engine.dryrun.operations import (
    begin,
    change,
    delete,
    first_moment,
    keep,
    load,
    mine,
    perform,
    remove,
    scenario,
    undo,
)
from engine.dryrun.playing import Play, play
from engine.dryrun.replaying import DueMoved, Replayed, candidates, replay
from engine.dryrun.running import Coverage, Failure, Outcome, coverage, failing, run, scenarios
from engine.dryrun.seeing import Sight, drawing, see
from engine.dryrun.staging import Stage, stage

__all__ = [
    "PRESETS", "Checked", "Coverage", "DueMoved", "Failure", "Observation", "Outcome", "Play", "Replayed",
    "Sheet", "Sight", "Stage", "begin", "candidates", "change", "check", "coverage", "delete", "drawing",
    "extra_sheet", "failing", "first_difference", "first_moment", "import_factory", "keep", "load", "mine",
    "perform", "play", "proposals", "read", "registration", "remove", "replay", "run", "scenario", "scenarios",
    "see", "sheet", "stage", "text", "undo",
]  # fmt: skip
