"""Forms as JSON Schema beside the diagrams: reading a schema, cleaning what was submitted, and a Chinese sentence for
every fault (articles 9 to 12; 填表须知 2 to 7).

No database; the clock only says which date is today. The schema is data of administrators and the text is anybody's,
so neither is trusted. Our own keys on a property: x-widget, x-options, x-show-when, x-message, x-earliest, x-latest; on
a form: x-submit, x-acts.
"""

from engine.forms.entries import clean, visible
from engine.forms.faults import stray, validate
from engine.forms.schema import Field, Form, Option, fields, load

__all__ = ["Field", "Form", "Option", "clean", "fields", "load", "stray", "validate", "visible"]
