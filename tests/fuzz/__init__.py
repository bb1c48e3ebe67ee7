"""Fuzzing of the codecs, guided by the lines that an input reaches, with a corpus that is kept.

    make fuzz                                     # every dialect, half a minute each
    make fuzz ARGS="--seconds 600 nonin masimo"   # these drivers, ten minutes for each dialect

`mutations` changes inputs, `properties` says what holds of each, `search` looks for inputs that
reach what none did before, and for those of which something does not hold. Both are kept in
`corpus/DIALECT/`, where `test_corpus` tries them again: a fault stays in the tests.
"""
