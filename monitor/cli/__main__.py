"""`python -m monitor.cli` is the command `postdose`."""

from monitor.cli import main

main()
