"""Settings from the environment, read once per process; nothing else reads os.environ."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Misconfigured

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """What an installation chooses. `redis_url` empty means: no broker, sweeps run by thread or cron only."""

    environment: str
    database_url: str
    redis_url: str
    secret_key: str
    data_dir: Path
    demo: bool
    smtp_url: str
    port: int
    secure_cookies: bool
    processes_dir: Path
    proxies: int = 0  # how many proxies of ours stand in front of the web; their X-Forwarded-* headers are believed
    attachment_limit: int = 15_000_000  # bytes of one attached file

    @property
    def production(self) -> bool:
        """True where real people's data live; demo mode is refused there."""
        return self.environment == "production"


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


def _secret(data_dir: Path, production: bool) -> str:
    given = os.environ.get("LIANXIN_SECRET_KEY", "")
    if given:
        if production and len(given) < 32:
            raise Misconfigured("LIANXIN_SECRET_KEY 至少需要 32 个字符。")
        return given
    if production:
        raise Misconfigured("生产环境必须设置 LIANXIN_SECRET_KEY。")
    file = data_dir / "secret-key"
    if not file.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        file.write_text(secrets.token_urlsafe(48), encoding="ascii")
        file.chmod(0o600)
    return file.read_text(encoding="ascii").strip()


def load() -> Settings:
    """Read the environment; refuse combinations that would be unsafe."""
    environment = os.environ.get("LIANXIN_ENV", "local")
    production = environment == "production"
    demo = _flag("LIANXIN_DEMO")
    if production and demo:
        raise Misconfigured("生产环境不能开启演示模式（LIANXIN_DEMO）。请去掉其中一个设置。")
    data_dir = Path(os.environ.get("LIANXIN_DATA", ROOT / "var")).resolve()
    database_url = os.environ.get("DATABASE_URL") or f"sqlite:///{data_dir / 'lianxin.sqlite3'}"
    if database_url.startswith(("postgres://", "postgresql://")):
        database_url = "postgresql+psycopg://" + database_url.split("://", 1)[1]
    if production and not database_url.startswith("postgresql"):
        raise Misconfigured("生产环境的 DATABASE_URL 必须是 PostgreSQL。")
    return Settings(
        environment=environment,
        database_url=database_url,
        redis_url=os.environ.get("REDIS_URL", ""),
        secret_key=_secret(data_dir, production),
        data_dir=data_dir,
        demo=demo,
        smtp_url=os.environ.get("SMTP_URL", ""),
        port=int(os.environ.get("PORT", "8000")),
        secure_cookies=_flag("LIANXIN_SECURE_COOKIES") if "LIANXIN_SECURE_COOKIES" in os.environ else production,
        proxies=int(os.environ.get("LIANXIN_PROXIES", "0")),
        processes_dir=Path(os.environ.get("LIANXIN_PROCESSES", ROOT / "processes")),
    )
