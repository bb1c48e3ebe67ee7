"""Imports what the commands import, early or late, for `processes.FORKS` to fork from."""

# ruff: noqa: F401

import gc

import alembic.ddl.sqlite
import pydantic.v1
import sqlalchemy.dialects.sqlite
import uvicorn.lifespan.off
import uvicorn.protocols.http.auto
import uvloop

import monitor.cli.check
import monitor.cli.demo
import monitor.daemon
import monitor.journal.migrate
import monitor.logs
import monitor.replay

gc.freeze()
