"""What the daemon costs and how fast it is, measured on the machine at hand.

Run `python -m tests.bench`. Every program measured is a process of its own, joined to this
one by pseudo-terminals and a broker as it would be at a site. Nothing here is a test, and
nothing here has a limit that a slow machine could miss.
"""
