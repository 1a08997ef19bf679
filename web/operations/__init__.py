"""运行监控: running cases, their drawing with counts, interventions with their effects first, and the timer desk."""

from web.operations import acts, cases, timers
from web.operations.desk import blueprint

__all__ = ["acts", "blueprint", "cases", "timers"]
