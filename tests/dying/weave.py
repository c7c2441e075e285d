"""Two copies of one call, woven: the first up to an effect, the second up to one of its own, and each to its end."""

from threading import Event, Thread

from tests.dying.simulation import Handler, Simulation

PATIENCE_S = 30  # of real time: nobody waits here for anything but the other


class Weave:
    """The first pauses before its effect `k`, the second then runs up to before its effect `j`, and so on."""

    def __init__(self, wanted: str, k: int, j: int) -> None:
        self._wanted, self._k, self._j = wanted, k, j
        self._turn, self._go = Event(), Event()
        self._second: Thread | None = None
        self._call: tuple[Simulation, Handler] | None = None
        self.first_paused = self.second_paused = False

    def __call__(self, sim: Simulation, handler: str, do: Handler) -> "Weave | None":
        """The first call of the wanted handler is woven, all others run as they are."""
        if handler != self._wanted or self._call:
            return None
        self._call = sim, do
        return self

    def first(self, number: int, when: str) -> None:
        """The first call comes to an effect."""
        if (number, when) == (self._k, "before") and self._call and not self.first_paused:
            self.first_paused = True
            sim, do = self._call
            self._second = Thread(target=self._run, args=(sim, do), name="the second")
            self._second.start()
            assert self._turn.wait(PATIENCE_S)

    def end(self) -> None:
        """The first call is at its end: now the second comes to its own."""
        self._go.set()
        if self._second:
            self._second.join(PATIENCE_S)
            assert not self._second.is_alive()

    def _run(self, sim: Simulation, do: Handler) -> None:
        try:
            sim.twin(self._wanted, do, self._pause)
        finally:
            self._turn.set()

    def _pause(self, number: int, when: str) -> None:
        if (number, when) == (self._j, "before"):
            self.second_paused = True
            self._turn.set()
            assert self._go.wait(PATIENCE_S)
