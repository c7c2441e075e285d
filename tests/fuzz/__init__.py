"""What strangers send, as bytes: each target takes any bytes and raises only when something is wrong with the product.

hypothesis, the stored corpus and the coverage-guided fuzzer share the targets (docs/fuzzing.md).
"""
