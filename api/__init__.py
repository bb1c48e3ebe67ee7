"""What people see over HTTP: the ward's resources, the live stream, and the ward board.

A router a resource (`beds`, `sessions`, `doses`, …), beside what all of them share; what they
send and take is in `schemas`, the page in `static`. Nothing here decides anything: a router
reads the ward or hands it a command. Others use `create_app` alone.
"""

from api.app import create_app

__all__ = ["create_app"]
