"""What every test shares: which plugins are loaded and how hypothesis runs."""

import os
import sys
from importlib.util import find_spec

import structlog
from hypothesis import settings

from tests.lengths import length

pytest_plugins = [
    plugin
    for plugin in ("tests.skips", "tests.limits", "tests.order", "tests.servers", "tests.virtual")
    if find_spec(plugin)
]

# Hundreds of tests start a process of ours; without stored bytecode each would compile every
# module again, three times the cost of its start.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# By default a traceback shows the variables of every frame: ten seconds for one of the ward's.
_plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _plain])

settings.register_profile(
    "usual", deadline=None, print_blob=True, derandomize=True, max_examples=50
)
settings.register_profile("long", deadline=None, print_blob=True, max_examples=1000)
settings.load_profile(length("usual", "long"))
