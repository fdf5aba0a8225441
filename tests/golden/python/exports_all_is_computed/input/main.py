__all__ = [name for name in dir() if not name.startswith("x")]

seen = 1
_unseen = 2
