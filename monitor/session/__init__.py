"""A session as an aggregate: what people may ask for, what follows, and what it amounts to.

One session is one dose at one bed. Commands are decided here (`decide`, `decide_records`),
events are folded here (`Session.evolve`), and what a session calls for is worked out from
it: the schedule, the pre-dose criteria, the criteria for leaving.

Pure: `now` is an argument. No device, no rule set's evaluation, no bed, no I/O.
"""
