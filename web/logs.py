"""What the web door writes to its log: one line per event, and tracebacks without the values of variables, which may be
a citizen's data or somebody's password."""

import structlog

from engine.config import Settings


def set_up(settings: Settings) -> None:
    """JSON lines in production, readable lines elsewhere."""
    renderers: list[structlog.typing.Processor] = [structlog.processors.format_exc_info]
    if settings.production:
        renderers.append(structlog.processors.JSONRenderer(ensure_ascii=False))
    else:
        renderers = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderers,
        ]
    )
