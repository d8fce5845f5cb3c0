"""Projects: a writer's work as its page keeps it, with a version, so that no editor undoes another one."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from errors import Conflict, NotFound
from tables import projects
from utils import iso, new_id, one_line

MOST_PROJECTS = 500


@dataclass(frozen=True, kw_only=True)
class Project:
    """`data` is what the page keeps: setup, premise, outline, story ... `version` counts changes from 1.

    `made_from` is the fingerprint of the request that made it, if that had an Idempotency-Key.
    """

    id: str
    owner: str
    title: str
    phase: str
    words: int
    version: int
    data: dict[str, Any]
    created_at: float
    updated_at: float
    made_from: str = ""

    def public(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "version": self.version,
            "data": self.data,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.updated_at),
        }


def new_project(owner: str, title: str, data: dict[str, Any]) -> Project:
    """A project that is not recorded yet."""
    now = time.time()
    return Project(
        id=new_id(),
        owner=owner,
        title=title,
        phase=_phase(data),
        words=_words(data),
        version=1,
        data=data,
        created_at=now,
        updated_at=now,
    )


def add(tx: Connection, project: Project) -> None:
    """Record it. Raises Conflict if its owner has too many."""
    mine = select(func.count()).select_from(projects).where(projects.c.owner == project.owner)
    if tx.execute(mine).scalar_one() >= MOST_PROJECTS:
        raise Conflict(
            f"You have {MOST_PROJECTS} projects; delete one that you do not need any more.",
            code="too_many_projects",
            limit=MOST_PROJECTS,
        )
    tx.execute(insert(projects), vars(project))


def load(tx: Connection, id: str, owner: str) -> Project:
    """Raises NotFound, for what belongs to others too."""
    row = tx.execute(select(projects).where(projects.c.id == id, projects.c.owner == owner)).first()
    if row is None:
        raise NotFound("There is no project with this id.")
    return Project(**row._mapping)


def listed(tx: Connection, owner: str) -> list[dict[str, Any]]:
    """What a list shows of each project, the one that was changed last first."""
    columns = (projects.c.id, projects.c.title, projects.c.version, projects.c.phase, projects.c.words)
    found = tx.execute(
        select(*columns, projects.c.updated_at)
        .where(projects.c.owner == owner)
        .order_by(projects.c.updated_at.desc())
        .limit(MOST_PROJECTS)
    )
    return [{**row._mapping, "updated_at": iso(row.updated_at)} for row in found]


def change(tx: Connection, project: Project, *, version: int, title: str, data: dict[str, Any]) -> Project:
    """The next version. Raises Conflict, with both, if `version` is not the newest one any more."""
    changed = replace(
        project,
        title=title,
        data=data,
        phase=_phase(data),
        words=_words(data),
        version=version + 1,
        updated_at=time.time(),
    )
    is_it = (projects.c.id == project.id, projects.c.version == version)
    if tx.execute(update(projects).where(*is_it).values(vars(changed))).rowcount:
        return changed
    current = load(tx, project.id, project.owner)
    raise Conflict(
        f"The project was changed meanwhile: version {current.version} is the newest, you changed {version}.",
        code="version_conflict",
        current=current.public(),
        yours={"version": version, "title": title, "data": data},
    )


def remove(tx: Connection, project: Project) -> None:
    tx.execute(delete(projects).where(projects.c.id == project.id))


def _phase(data: dict[str, Any]) -> str:
    return one_line(str(data.get("phase") or "setup"))[:40]


def _words(data: dict[str, Any]) -> int:
    story = data.get("story")
    return len(story.split()) if isinstance(story, str) else 0
