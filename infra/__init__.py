"""The stack: one room per capability, reading its facts from lambdas.core and lambdas.vendors."""
