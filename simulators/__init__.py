"""A ward without a ward: patients, scenarios and byte-exact devices to connect to.

Imports nothing else of Postdose, so that a protocol is read twice, once for the device
and once for its driver, and a misreading shows up as a test that fails.
"""
