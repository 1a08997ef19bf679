"""Tables of packages and their files. The stored files are the truth; processes/ is the factory edition."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Package(Base):
    """One published version of a procedure; running instances pin it."""

    __tablename__ = "packages"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40))  # folder name under processes/
    version: Mapped[int]
    checksum: Mapped[str] = mapped_column(String(64))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(String(300))
    effective_from: Mapped[date]
    published_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("key", "version"),)


class PackageFile(Base):
    """One file of a package, byte for byte."""

    __tablename__ = "package_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"), index=True)
    path: Mapped[str] = mapped_column(String(120))
    content: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("package_id", "path"),)
