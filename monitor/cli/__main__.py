"""`python -m monitor.cli` is the command `postdose`."""

from monitor.cli.app import main

main()
