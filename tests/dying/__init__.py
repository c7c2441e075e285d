"""The crash harness: real handlers and the deployed machine, killed before and after every effect, then checked."""
