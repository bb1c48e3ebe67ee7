"""What every test shares: which plugins are loaded and how hypothesis runs."""

from importlib.util import find_spec

from hypothesis import settings

pytest_plugins = [
    plugin for plugin in ("tests.skips", "tests.servers", "tests.virtual") if find_spec(plugin)
]

settings.register_profile("postdose", deadline=None, print_blob=True)
settings.load_profile("postdose")
