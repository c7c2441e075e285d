"""MiniStack with what AWS does and it does not; each room is one addition and runs inside `.venv-emulator`."""
