"""Who may act: people with a role, the stations they work at, and machines with a token.

It says who somebody is. What each role may do over HTTP is `api.permissions`. Passwords, PINs,
sign-ins and tokens are stored hashed, in the journal's database, beside the events.
See docs/decisions.
"""

from monitor.access.admission import new_account, new_token
from monitor.access.control import STATION_FOR, AccessControl, SignedIn
from monitor.access.directory import Account, Directory, Entry, Principal, Role, Token, What
from monitor.access.known_users import MISSING
from monitor.access.store import AbsentError, AccessStore
from monitor.access.words import AccessError, ThrottledError, WrongError

__all__ = [
    "MISSING",
    "STATION_FOR",
    "AbsentError",
    "AccessControl",
    "AccessError",
    "AccessStore",
    "Account",
    "Directory",
    "Entry",
    "Principal",
    "Role",
    "SignedIn",
    "ThrottledError",
    "Token",
    "What",
    "WrongError",
    "admission",
    "new_account",
    "new_token",
]
