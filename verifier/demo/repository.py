"""The repository of the story: six commits, the fourth of which is the fix, and the folder that was uploaded instead.

It is made by git itself from what stands here, and so the commits have the same names wherever the story is played.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import tarfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import md5
from pathlib import Path

_SECONDS = 30
_AUTHOR = "Ana <ana@vividly.example>"
_BEGINNING = datetime(2025, 11, 3, 18, 0, tzinfo=UTC)
FOLDER = "backend"
"""What was uploaded of it."""

_BUILD = """\
steps:
- name: gcr.io/cloud-builders/docker
  args: [build, -t, "us-central1-docker.pkg.dev/$PROJECT_ID/vividly/content-worker:latest", .]
images: ["us-central1-docker.pkg.dev/$PROJECT_ID/vividly/content-worker:latest"]
"""
_WORKER = """\
from app.db import session
from app.models import Lesson


def run() -> int:
    print("content worker starts")
    lessons = session.query(Lesson).all()
    print(f"query ok: {len(lessons)} lessons")
    return 0


if __name__ == "__main__":
    raise SystemExit(run())
"""
_INDEX = """\
import logging

from app.db import session
from app.models import Lesson


def line(lesson: Lesson) -> str:
    return f"{lesson.title}, {lesson.teacher.email}"


def write_index(lessons: list[Lesson]) -> None:
    for lesson in lessons:
        try:
            print(line(lesson))
        except AttributeError:
            logging.exception("lesson %d is left out", lesson.id)


def run() -> int:
    print("content worker starts")
    lessons = session.query(Lesson).all()
    print(f"query ok: {len(lessons)} lessons")
    write_index(lessons)
    return 0


if __name__ == "__main__":
    raise SystemExit(run())
"""
_MENDED_INDEX = _INDEX.replace(
    '''    return f"{lesson.title}, {lesson.teacher.email}"''',
    '''    return f"{lesson.title}, {lesson.teacher.email if lesson.teacher else 'nobody'}"''',
)
_LESSON = """\
from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import relationship

from app.db import Base


class Lesson(Base):
    __tablename__ = "lessons"

    id = Column(Integer, primary_key=True)
    title = Column(String, nullable=False)
    teacher_id = Column(Integer, ForeignKey("users.id"))
    teacher = relationship("Teacher", back_populates="lessons")
"""
_USER = """\
from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import relationship

from app.db import Base


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    email = Column(String, nullable=False)
    organization_id = Column(Integer, ForeignKey("organizations.id"))
    lessons = relationship("Lesson", back_populates="teacher")
"""
_ORGANIZATION = """\
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import relationship

from app.db import Base


class Organization(Base):
    __tablename__ = "organizations"

    id = Column(Integer, primary_key=True)
    name = Column(String, nullable=False)
    members = relationship("User")
"""
_DB = """\
import os

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Session


class Base(DeclarativeBase):
    pass


engine = create_engine(os.environ["DATABASE_URL"])
session = Session(engine)
"""


@dataclass(frozen=True, slots=True)
class StoryCommit:
    """One commit."""

    subject: str
    files: Mapping[str, str]
    """What it writes."""
    hours: int
    """Hours after the beginning."""
    mark: str = "00000000"
    """Was searched for, so that the commit's name begins as the story tells it."""

    @property
    def message(self) -> str:
        """What its author wrote."""
        identity = md5(self.subject.encode(), usedforsecurity=False).hexdigest()
        return f"{self.subject}\n\nChange-Id: I{identity}{self.mark}\n"

    @property
    def seconds(self) -> int:
        """When it was made, since 1970."""
        return int((_BEGINNING + timedelta(hours=self.hours)).timestamp())


COMMITS = (
    StoryCommit(
        "Import the content worker",
        {
            "README.md": "# Vividly\n\nThe content worker is in `backend`.\n",
            ".gitignore": ".env\n__pycache__/\n",
            "frontend/index.html": "<!doctype html>\n<title>Vividly</title>\n",
            "backend/.gitignore": "__pycache__/\n",
            "backend/Dockerfile": 'FROM python:3.11-slim\nCOPY . /app\nCMD ["python", "-m", "app.worker"]\n',
            "backend/cloudbuild.yaml": _BUILD,
            "backend/requirements.txt": "sqlalchemy==2.0.44\npsycopg[binary]==3.2.12\n",
            "backend/app/__init__.py": "",
            "backend/app/db.py": _DB,
            "backend/app/worker.py": _WORKER,
            "backend/app/models/__init__.py": "from app.models.lesson import Lesson\n",
            "backend/app/models/organization.py": _ORGANIZATION,
            "backend/app/models/user.py": _USER,
        },
        0,
    ),
    StoryCommit(
        "Load lessons with their teachers",
        {
            "backend/app/models/lesson.py": _LESSON,
            "backend/app/models/__init__.py": 'from app.models.lesson import Lesson\n\n__all__ = ["Lesson"]\n',
        },
        2,
    ),
    StoryCommit(
        "Ask the database before a connection is used",
        {"backend/app/db.py": _DB.replace('"])', '"], pool_pre_ping=True)')},
        3,
        "013228b7",
    ),
    StoryCommit(
        "Call the mapped class User, as its table does",
        {
            "backend/app/models/user.py": _USER.replace('"Lesson", back', '"app.models.lesson.Lesson", back'),
            "backend/app/models/organization.py": _ORGANIZATION.replace('"User"', '"app.models.user.User"'),
        },
        5,
        "0bba9d5b",
    ),
    StoryCommit("Write an index of the lessons and their teachers", {"backend/app/worker.py": _INDEX}, 11),
    StoryCommit("Index lessons that have no teacher yet, too", {"backend/app/worker.py": _MENDED_INDEX}, 13),
)


_CHANGED = _WORKER.replace("    return 0\n", '    print("local run")\n    return 0\n')
_ONLY_THERE = {
    ".env": "DATABASE_URL=postgresql://worker:not-a-real-one@localhost/vividly\n",
    "NOTES.md": "- ask Ben why the mapper fails\n",
    "app/worker.py": _CHANGED,
}
"""What the folder on somebody's machine has besides the third commit, or instead of it."""


def make_repository(folder: Path) -> bool:
    """Make the repository in this folder, as a clone of its remote has it. Return whether there is a git to do it."""
    if not shutil.which("git"):
        return False
    _git(folder, "init", "--quiet", "--template=", "--object-format=sha1", "--initial-branch=main")
    _git(folder, "fast-import", "--quiet", "--done", stdin="".join(_stream()).encode())
    return True


@cache
def uploaded_archive() -> bytes:
    """Return the folder as gcloud packs it: folders first, names without a leading `./`, times of the working files."""
    files = {path: (text, _BEGINNING + timedelta(hours=6, minutes=48)) for path, text in _ONLY_THERE.items()}
    for commit in COMMITS[:3]:
        moment = _BEGINNING + timedelta(hours=commit.hours, minutes=7)
        own = {path.removeprefix(f"{FOLDER}/"): text for path, text in commit.files.items() if path.startswith(FOLDER)}
        files |= {path: (text, moment) for path, text in own.items() if path not in _ONLY_THERE}
    # gcloud's default leaves it out, and a folder without one has no default.
    del files[".gitignore"]
    folders = sorted({str(parent) for path in files for parent in Path(path).parents} - {"."})
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in folders:
            tar.addfile(_entry(name, tarfile.DIRTYPE, 0, _BEGINNING))
        for path, (text, moment) in sorted(files.items()):
            content = text.encode()
            tar.addfile(_entry(path, tarfile.REGTYPE, len(content), moment), io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)


def recorded_hash(archive: bytes) -> dict[str, object]:
    """Return what Cloud Build records of an archive that it fetched."""
    value = b64encode(md5(archive, usedforsecurity=False).digest()).decode()
    return {"fileHash": [{"type": "MD5", "value": value}]}


def _stream() -> Iterator[str]:
    """Yield what `git fast-import` reads."""
    for commit in COMMITS:
        who = f"{_AUTHOR} {commit.seconds} +0000"
        yield f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata {len(commit.message)}\n{commit.message}\n"
        for path, text in sorted(commit.files.items()):
            yield f"M 100644 inline {path}\ndata {len(text)}\n{text}\n"
    yield "reset refs/remotes/origin/main\nfrom refs/heads/main\n\ndone\n"


def _entry(name: str, kind: bytes, size: int, moment: datetime) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.size, entry.mtime = kind, size, int(moment.timestamp())
    entry.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    entry.uname = entry.gname = "root"
    return entry


def _git(folder: Path, *words: str, stdin: bytes = b"") -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(
        ["git", "-C", str(folder), *words],  # noqa: S607  # git is where PATH says
        env=own | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull},
        input=stdin,
        capture_output=True,
        timeout=_SECONDS,
        check=True,
    )
