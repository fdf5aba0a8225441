@plain
def one():
    pass


@with_arguments(1, name="x")
@dotted.name  # a comment
@spread(
    "over",
    "lines",
)
class Two:
    @first
    @second()
    async def method(self):
        pass
