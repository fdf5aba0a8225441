def a():
    def b():
        class C:
            def d(self):
                def e():
                    pass


class F:
    class G:
        class H:
            def i(self):
                pass
