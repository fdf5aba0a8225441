__all__ = ["listed", "_listed_too"] + other.__all__
__all__ += ("added",)
__all__.append("appended")
__all__.extend(["extended"])

listed = _listed_too = added = appended = extended = 1
left_out = 2


class Left:
    def method(self):
        pass
