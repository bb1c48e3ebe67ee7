"""What people see over HTTP: the ward's resources, the live stream, and the ward board.

A router a resource (`beds`, `sessions`, `doses`, …), beside what all of them share; what they
send and take is in `schemas`, the page in `static`. Nothing here decides anything: a router
reads the ward or hands it a command. Others use what is named here alone.
"""

from api.app import create_app
from api.connections import connection_limits

__all__ = ["connection_limits", "create_app"]
