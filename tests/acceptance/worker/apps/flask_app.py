"""A small Flask application with SQLAlchemy: an engine for the process, a session for each context."""

from __future__ import annotations

import os

from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.orm import scoped_session, sessionmaker

session = scoped_session(sessionmaker())


def setup() -> tuple[Flask, object]:
    app = Flask("flask_app")
    app.config["GREETING"] = "Good morning"
    engine = create_engine(f"postgresql+psycopg://clock@/postgres?host={os.environ['PG_FOLDER']}", pool_size=1)
    session.configure(bind=engine)
    session.execute(text("SELECT 1"))  # a connection made before the fork
    session.remove()
    return app, session
