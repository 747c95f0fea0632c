"""The learner's functions and objects as the judge sees them: a name to call, never code that runs here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .session import Session


class Proxy:
    """Stands for something that lives in the learner's process.

    It can be called and asked for attributes. It refuses to be taken for a plain value or compared with one, so that an
    object of the learner's own making can pose neither as a number nor as an answer, nor as "not equal" to one.
    """

    def __init__(self, session: Session, target: int, name: str, type_name: str, callable_: bool):
        self.__dict__.update(_session=session, _generation=session.generation, _target=target, _type=type_name,
                             __name__=name or type_name, _callable=callable_)

    def __call__(self, *args, **kwargs) -> Any:
        return self._session.call(self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # no special method is ever asked for over there by accident
        return self._session.getattr(self, name)

    def __setattr__(self, name, value):
        raise AttributeError("a graded cell looks at a learner's object and does not change it")

    def call_on_copies(self, args, kwargs):
        """Found by course.check.check: what the call does to its arguments stays over there."""
        return self._session.call(self, args, kwargs, bring_changes=False)

    def call_then_scribble(self, args, kwargs):
        """Found by course.check.fresh: the arguments are written into over there before the answer is."""
        return self._session.call(self, args, kwargs, bring_changes=False, scribble=True)

    def value_and_grad(self, args, kwargs, wrt, output, upstream):
        """Found by course.check.value_and_grad: the gradient is taken on the learner's side."""
        return self._session.grad(self, args, kwargs, wrt, output, upstream)

    def timed_duel(self, **duel):
        """Found by course.duel.duel."""
        return self._session.duel(self, **duel)

    def __deepcopy__(self, memo):
        return self

    def __repr__(self) -> str:
        return self.__name__ if self._callable else f"an object of your class {self._type}"

    def __eq__(self, other):
        return self is other or self._no_value()

    def __ne__(self, other):
        return self is not other and self._no_value()

    __hash__ = object.__hash__

    def _no_value(self, *_):
        raise TypeError(f"expected a plain value, got {self!r}")

    __bool__ = __len__ = __iter__ = __getitem__ = __contains__ = __float__ = __int__ = __index__ = __complex__ = _no_value
    __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _no_value
    __truediv__ = __rtruediv__ = __neg__ = __abs__ = __array__ = _no_value
