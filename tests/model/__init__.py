"""The clinical specification a second time, slow and obvious, to hold the bed against.

`tables` is typed from the specification and not read from any file of the product, `model`
knows none of the product's modules, `scenarios` makes random sessions, and `test_model` asks
both the same questions after every step.
"""
